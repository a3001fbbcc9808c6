import { Autocomplete, Button, FileButton, Group, Select, SimpleGrid, Textarea, TextInput } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";
import { useQuery } from "urql";

import { count, short } from "../kit/format";
import { ParameterFields } from "./ParameterFields";
import { fieldOf, type Texts } from "./parameters";
import { RunChoicesDocument } from "./queries.generated";
import styles from "./form.module.css";
import type { About, PipelineForm } from "./usePipelineForm";
import type { Told } from "../api/errors";
import { sentence } from "./words";

const CACHE = [
  { value: "ON", label: "Reuse, and be reused" },
  { value: "READ", label: "Reuse, but be not reused" },
  { value: "WRITE", label: "Run everything, to be reused" },
  { value: "REFRESH", label: "Run everything; what ran before does not count" },
  { value: "OFF", label: "Neither" },
];
/** A pipeline larger than this is no text somebody compiled. */
const MOST_BYTES = 8_000_000;

/** The pipeline, its parameters, and what to call the run. */
export function PipelineFields({
  form,
  tried,
  refused,
}: {
  readonly form: PipelineForm;
  /** Whether it was tried to be sent: only then every empty field is a mistake. */
  readonly tried: boolean;
  readonly refused: Told | null;
}) {
  const { pipeline, inputs, about } = form;
  const [open, setOpen] = useState(form.spec === "");
  const [large, setLarge] = useState(false);
  const [{ data }] = useQuery({ query: RunChoicesDocument });
  const load = (file: File | null) => {
    if (!file) return;
    setLarge(file.size > MOST_BYTES);
    if (file.size > MOST_BYTES) return;
    void file.text().then((text) => {
      form.setSpec(text);
      setOpen(false);
    });
  };
  const drop = (event: DragEvent) => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    load(file);
  };
  const at = refused ? fieldOf(refused.field, inputs) : "";
  const wrong: Texts = {
    ...(tried ? form.wrong : {}),
    ...(refused && at ? { [at]: sentence(refused) } : {}),
  };
  const said = (field: string) => (refused?.field === field ? sentence(refused) : wrong[field]);
  const put = (next: Partial<About>) => form.setAbout(next);
  return (
    <>
      {pipeline && !open ? (
        <Group gap="sm" className={styles.chosen ?? ""}>
          <div className={styles.what}>
            <strong className="cut" dir="auto">
              {short(pipeline.name)}
            </strong>
            <span className="dim">
              {count(pipeline.tasks.length)} tasks{pipeline.sdkVersion && `, ${short(pipeline.sdkVersion, 40)}`}
            </span>
            {pipeline.description && <span className="dim wrap">{short(pipeline.description, 300)}</span>}
          </div>
          <Button size="compact-xs" variant="default" onClick={() => setOpen(true)}>
            Another
          </Button>
        </Group>
      ) : (
        <div onDrop={drop} onDragOver={(event) => event.preventDefault()}>
          <Textarea
            size="xs"
            label="Compiled pipeline"
            description="The YAML that the kfp SDK compiles: paste it, drop a file here, or choose one."
            minRows={5}
            maxRows={12}
            autosize
            spellCheck={false}
            data-autofocus
            classNames={{ input: styles.yaml ?? "" }}
            value={form.spec}
            onChange={(event) => form.setSpec(event.currentTarget.value)}
            error={large ? "This file is too large to be a compiled pipeline." : form.refused ? sentence(form.refused) : tried && !form.spec.trim() ? "A run needs a pipeline." : undefined} // prettier-ignore
          />
          <Group gap="xs" mt={6}>
            <FileButton onChange={load} accept=".yaml,.yml,.json">
              {(props) => (
                <Button {...props} size="compact-xs" variant="default" leftSection={<IconFile size={13} />}>
                  Choose a file
                </Button>
              )}
            </FileButton>
            <span className="dim" role="status">
              {form.reading
                ? "Reading it"
                : pipeline
                  ? `${short(pipeline.name, 60)}, ${count(pipeline.tasks.length)} tasks`
                  : ""}
            </span>
          </Group>
        </div>
      )}
      {pipeline && (
        <fieldset className={styles.group}>
          <legend>Parameters</legend>
          <ParameterFields inputs={inputs} texts={form.texts} wrong={wrong} onChange={form.setTexts} />
        </fieldset>
      )}
      {pipeline && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
          <TextInput
            size="xs"
            label="Name"
            value={about.name}
            error={said("name")}
            onChange={(event) => put({ name: event.currentTarget.value })}
          />
          <Autocomplete
            size="xs"
            label="Experiment"
            placeholder="Default"
            data={[...new Set(data?.experiments.nodes.flatMap(({ name }) => name ?? []))]}
            limit={50}
            value={about.experiment}
            error={said("experiment")}
            onChange={(experiment) => put({ experiment })}
          />
          <Textarea
            size="xs"
            label="Labels"
            placeholder="team=search"
            autosize
            minRows={1}
            value={about.labels}
            error={said("labels") ?? said("label")}
            onChange={(event) => put({ labels: event.currentTarget.value })}
          />
          <Select
            size="xs"
            label="Cache"
            placeholder="As the server has it"
            clearable
            data={CACHE}
            value={about.cache || null}
            onChange={(cache) => put({ cache: (cache ?? "") as About["cache"] })}
          />
        </SimpleGrid>
      )}
    </>
  );
}
