import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { useMutation, useQuery } from "urql";

import { told } from "../api/errors";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { done } from "../shell/toast";
import { useDoing } from "./doing";
import { ParameterFields } from "./ParameterFields";
import { begin, changed, fieldOf, read, type Texts } from "./parameters";
import { CloneRunDocument, RunToCloneDocument } from "./queries.generated";
import { Refusal } from "./Refusal";
import type { Definition, RunFacts } from "./useRun";
import { sentence } from "./words";

/** The same, of a run of which only the id is known. */
export function CloneById({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [{ data, error }] = useQuery({ query: RunToCloneDocument, variables: { id }, requestPolicy: "network-only" });
  const run = data?.run;
  if (run?.definition) return <CloneForm run={run} definition={run.definition} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="Clone the run" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {error ? (
        <ErrorFace error={error} />
      ) : run ? (
        <Empty title="The pipeline of this run is not kept here">Run its file again.</Empty>
      ) : (
        <Loading lines={4} />
      )}
    </Modal>
  );
}

/** Run a pipeline once more from its beginning, with parameters that differ. */
export function CloneForm({
  run,
  definition,
  onClose,
}: {
  readonly run: RunFacts;
  readonly definition: Definition;
  readonly onClose: () => void;
}) {
  const given = (run.parameters ?? {}) as Readonly<Record<string, unknown>>;
  const { inputs } = definition;
  const [texts, setTexts] = useState<Texts>(() => begin(inputs, given));
  const [name, setName] = useState(run.name);
  const [tried, setTried] = useState(false);
  const [{ fetching, error }, clone] = useMutation(CloneRunDocument);
  const { go } = useDoing();
  const { values, wrong } = read(inputs, texts);
  const refused = error ? told(error) : null;
  const at = refused ? fieldOf(refused.field, inputs) : "";
  const send = async (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length) return;
    const { data } = await clone({ id: run.id, parameters: changed(values, given), name: name || null });
    if (!data) return;
    done("The clone has begun.");
    onClose();
    go(data.cloneRun.id);
  };
  return (
    <Modal opened onClose={onClose} title="Clone the run" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={(event) => void send(event)} noValidate>
        <Stack gap="sm">
          <TextInput
            size="xs"
            label="Name"
            value={name}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <ParameterFields
            inputs={inputs}
            texts={texts}
            wrong={{
              ...(tried ? wrong : {}),
              ...(refused && at ? { [at]: sentence(refused) } : {}),
            }}
            onChange={setTexts}
          />
          {refused && !at && <Refusal of={refused} />}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button size="xs" type="submit" loading={fetching}>
              Run it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
