import {
  Autocomplete,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Stack,
  TextInput,
} from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { useMutation, useQuery } from "urql";

import { told } from "../api/errors";
import { moment } from "../kit/format";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { useNamespace } from "../shell/place";
import { done } from "../shell/toast";
import styles from "./form.module.css";
import { fieldOf } from "./parameters";
import { PipelineFields } from "./PipelineFields";
import { CreateScheduleDocument, ScheduleOfRunDocument, type ScheduleOfRunQuery } from "./queries.generated";
import { Refusal } from "./Refusal";
import { usePipelineForm } from "./usePipelineForm";
import { readWhen, type When } from "./when";
import { sentence } from "./words";

const FIELDS = ["name", "experiment", "labels", "label", "cron", "zone", "every", "max_concurrency"];

/** Run a pipeline at set times. */
export function NewSchedule({
  onClose,
  of,
}: {
  readonly onClose: () => void;
  /** A run whose pipeline and parameters it begins with. */
  readonly of?: ScheduleOfRunQuery["run"];
}) {
  const form = usePipelineForm(useNamespace(), beginning(of));
  const [when, setWhen] = useState<When>({
    by: "cron",
    cron: "",
    every: "",
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    catchUp: false,
    most: 1,
  });
  const [tried, setTried] = useState(false);
  const [{ fetching, error }, create] = useMutation(CreateScheduleDocument);
  const { timing, wrong } = readWhen(when);
  const refused = error ? told(error) : null;
  const placed = refused && (fieldOf(refused.field, form.inputs) || FIELDS.includes(refused.field));
  const said = (field: string) => (refused?.field === field ? sentence(refused) : tried ? wrong[field] : undefined);
  const put = (next: Partial<When>) => setWhen({ ...when, ...next });
  const send = async (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (!form.run || !timing) return;
    const { data } = await create({ schedule: { run: form.run, ...timing } });
    if (!data) return;
    const next = data.createSchedule.nextMs;
    done(next === null ? "The schedule is made." : `The schedule is made. It fires first at ${moment(next)}.`);
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title="New schedule" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={(event) => void send(event)} noValidate>
        <Stack gap="sm">
          <PipelineFields form={form} tried={tried} refused={refused} />
          <fieldset className={styles.group}>
            <legend>When</legend>
            <SegmentedControl
              size="xs"
              aria-label="How it is told when"
              data={[
                { value: "cron", label: "Cron expression" },
                { value: "every", label: "Interval" },
              ]}
              value={when.by}
              onChange={(by) => put({ by: by === "every" ? "every" : "cron" })}
            />
            {when.by === "cron" ? (
              <Group align="flex-start" grow>
                <TextInput
                  size="xs"
                  label="Cron expression"
                  description="Minute, hour, day, month, weekday"
                  placeholder="0 9 * * 1-5"
                  value={when.cron}
                  error={said("cron")}
                  onChange={(event) => put({ cron: event.currentTarget.value })}
                />
                <Autocomplete
                  size="xs"
                  label="Time zone"
                  description="In which the expression is read"
                  data={Intl.supportedValuesOf("timeZone")}
                  limit={40}
                  value={when.zone}
                  error={said("zone")}
                  onChange={(zone) => put({ zone })}
                />
              </Group>
            ) : (
              <TextInput
                size="xs"
                label="Interval"
                description="From one firing to the next: 90s, 10m, 2h, 1d"
                placeholder="1d"
                value={when.every}
                error={said("every")}
                onChange={(event) => put({ every: event.currentTarget.value })}
              />
            )}
            <Group align="flex-end">
              <NumberInput
                size="xs"
                w={140}
                label="Runs at once"
                min={1}
                max={1000}
                allowDecimal={false}
                value={when.most}
                error={said("max_concurrency")}
                onChange={(most) => put({ most: Number(most) || 1 })}
              />
              <Checkbox
                size="xs"
                pb={6}
                label="Make up for every firing that was missed"
                checked={when.catchUp}
                onChange={(event) => put({ catchUp: event.currentTarget.checked })}
              />
            </Group>
          </fieldset>
          {refused && !placed && <Refusal of={refused} />}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button size="xs" type="submit" loading={fetching} disabled={form.reading}>
              Make it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The same, with the pipeline and the parameters of a run. */
export function ScheduleRun({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [{ data, error }] = useQuery({ query: ScheduleOfRunDocument, variables: { id } });
  if (data) return <NewSchedule of={data.run} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="New schedule" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
      {error ? <ErrorFace error={error} /> : <Loading lines={5} />}
      {error?.graphQLErrors.length === 0 && <Empty title="The server cannot be asked" />}
    </Modal>
  );
}

function beginning(run: ScheduleOfRunQuery["run"] | undefined) {
  if (!run) return {};
  const labels = run.labels.map(({ key, value }) => `${key}=${value}`).join("\n");
  return {
    spec: run.spec,
    given: (run.parameters ?? {}) as Readonly<Record<string, unknown>>,
    about: { name: run.name, experiment: run.experiment, labels },
  };
}
