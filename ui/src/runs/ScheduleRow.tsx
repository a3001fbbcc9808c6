import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { short } from "../kit/format";
import { lookOf, StateBadge } from "../kit/State";
import { Time } from "../kit/Time";
import { useDoing } from "./doing";
import { GoOnWithScheduleDocument, PauseScheduleDocument, RemoveScheduleDocument, type SchedulesQuery } from "./queries.generated"; // prettier-ignore
import styles from "./schedules.module.css";
import { firing, runName } from "./words";

type Schedule = SchedulesQuery["schedules"]["nodes"][number];

/** One schedule: when it fires, how its latest runs went, and what can be done with it. */
export function ScheduleRow({ schedule }: { readonly schedule: Schedule }) {
  const { id, state } = schedule;
  const { busy, act } = useDoing();
  const [removing, remove] = useDisclosure(false);
  const name = schedule.name || id.slice(0, 8);
  const look = { size: "compact-xs", variant: "default", disabled: busy } as const;
  const gone = () => {
    remove.close();
    void act(RemoveScheduleDocument, { id }, () => "The schedule fires no more.");
  };
  return (
    <li className={styles.row} data-state={state}>
      <div className={styles.who}>
        <strong className="cut" dir="auto" title={short(name, 500)}>
          {short(name)}
        </strong>
        <StateBadge state={state} />
      </div>
      <div className={styles.what}>
        <Link to="/runs" search={{ pipeline: schedule.pipeline }} className="cut" dir="auto">
          {short(schedule.pipeline)}
        </Link>
        <span className="mono dim cut" title={firing(schedule)}>
          {firing(schedule)}
        </span>
      </div>
      <dl className={styles.times}>
        <div>
          <dt>Next</dt>
          <dd>{state === "ENABLED" ? <Time ms={schedule.nextMs} /> : <span className="dim">–</span>}</dd>
        </div>
        <div>
          <dt>Last</dt>
          <dd>
            <Time ms={schedule.firedMs} />
          </dd>
        </div>
      </dl>
      <div className={styles.runs}>
        <span className="dim">{schedule.runs.nodes.length ? "Runs" : "No run yet"}</span>
        <ol aria-label={`Runs of ${short(name, 80)}, the latest first`}>
          {schedule.runs.nodes.map((run) => {
            const [Icon, tone, word] = lookOf(run.state);
            return (
              <li key={run.id}>
                <Link
                  to="/runs/$id"
                  params={{ id: run.id }}
                  data-tone={tone}
                  data-state={run.state}
                  title={`${word}: ${short(runName({ ...run, pipeline: schedule.pipeline }), 200)}`}
                  aria-label={`${word}: ${short(runName({ ...run, pipeline: schedule.pipeline }), 80)}`}
                >
                  <Icon size={17} stroke={2} aria-hidden />
                </Link>
              </li>
            );
          })}
        </ol>
        {schedule.runs.nodes.length > 0 && (
          <Link to="/runs" search={{ schedule: id }} className={styles.all}>
            all
          </Link>
        )}
      </div>
      <div className={styles.acts}>
        {state === "ENABLED" && (
          <Button
            {...look}
            leftSection={<IconPlayerPause size={13} />}
            aria-label={`Pause ${short(name, 80)}`}
            onClick={() => void act(PauseScheduleDocument, { id }, () => "The schedule is paused.")}
          >
            Pause
          </Button>
        )}
        {state === "PAUSED" && (
          <Button
            {...look}
            leftSection={<IconPlayerPlay size={13} />}
            aria-label={`Resume ${short(name, 80)}`}
            onClick={() => void act(GoOnWithScheduleDocument, { id }, () => "The schedule fires again.")}
          >
            Resume
          </Button>
        )}
        {state !== "REMOVED" && (
          <Button
            {...look}
            leftSection={<IconTrash size={13} />}
            aria-label={`Remove ${short(name, 80)}`}
            onClick={remove.open}
          >
            Remove
          </Button>
        )}
      </div>
      <Modal
        opened={removing}
        onClose={remove.close}
        title={`Remove ${short(name, 80)}`}
        size="sm"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <p>It fires never more. Its runs and its history stay in the record.</p>
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={remove.close}>
            Keep it
          </Button>
          <Button size="xs" color="red" onClick={gone}>
            Remove
          </Button>
        </Group>
      </Modal>
    </li>
  );
}
