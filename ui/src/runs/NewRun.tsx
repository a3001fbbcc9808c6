import { Button, Group, Modal, Stack } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { useMutation } from "urql";

import { told } from "../api/errors";
import type { NewRunInput } from "../api/schema.generated";
import { useNamespace } from "../shell/place";
import { done } from "../shell/toast";
import { useDoing } from "./doing";
import { fieldOf } from "./parameters";
import { PipelineFields } from "./PipelineFields";
import { PlanPreview } from "./PlanPreview";
import { CreateRunDocument } from "./queries.generated";
import { Refusal } from "./Refusal";
import { usePipelineForm } from "./usePipelineForm";

const FIELDS = ["name", "experiment", "labels", "label"];

/** Start a run: the pipeline, its parameters, what would be reused, go. */
export function NewRun({ onClose }: { readonly onClose: () => void }) {
  const form = usePipelineForm(useNamespace());
  const [tried, setTried] = useState(false);
  const [planned, plan] = useState<NewRunInput | null>(null);
  const [{ fetching, error }, create] = useMutation(CreateRunDocument);
  const { go } = useDoing();
  const refused = error ? told(error) : null;
  const placed = refused && (fieldOf(refused.field, form.inputs) || FIELDS.includes(refused.field));
  const preview = () => {
    setTried(true);
    plan(form.run);
  };
  const send = async (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (!form.run) return;
    const { data } = await create({ run: form.run });
    if (!data) return;
    done("The run has begun.");
    onClose();
    go(data.createRun.id);
  };
  return (
    <Modal opened onClose={onClose} title="New run" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={(event) => void send(event)} noValidate>
        <Stack gap="sm">
          <PipelineFields form={form} tried={tried} refused={refused} />
          {planned && planned === form.run ? (
            <PlanPreview run={planned} />
          ) : (
            planned && form.run && <Again plan={() => plan(form.run)} />
          )}
          {refused && !placed && <Refusal of={refused} />}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={preview} disabled={!form.pipeline}>
              What would run
            </Button>
            <Button size="xs" type="submit" loading={fetching} disabled={form.reading}>
              Start
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Again({ plan }: { readonly plan: () => void }) {
  return (
    <Group gap="xs">
      <span className="dim">The form has changed since the preview.</span>
      <Button size="compact-xs" variant="default" onClick={plan}>
        Preview again
      </Button>
    </Group>
  );
}
