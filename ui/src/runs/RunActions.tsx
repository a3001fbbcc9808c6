import { ActionIcon, Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconArchive, IconArchiveOff, IconClockPlay, IconColumns3, IconCopy, IconDots, IconFolder, IconPlayerPlay, IconPlayerStop, IconRefresh,
  IconRepeat,
} from "@tabler/icons-react"; // prettier-ignore
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";

import { nodePath } from "../kit/node";
import { type Key, useKeys } from "../shell/keys";
import { useDoing } from "./doing";
import { ArchiveRunDocument, CancelRunDocument, ResumeRunDocument, RetryRunDocument } from "./queries.generated";
import styles from "./runs.module.css";
import { type Definition, isOpen, type RunFacts } from "./useRun";

const ScheduleRun = lazy(() => import("./NewSchedule").then(({ ScheduleRun }) => ({ default: ScheduleRun })));
const CloneForm = lazy(() => import("./CloneForm").then(({ CloneForm }) => ({ default: CloneForm })));

/** What can be done with a run. */
export function RunActions({
  run,
  definition,
}: {
  readonly run: RunFacts;
  readonly definition: Definition | null | undefined;
}) {
  const { busy, act, go } = useDoing();
  const [cloning, clone] = useDisclosure(false);
  const [scheduling, schedule] = useDisclosure(false);
  const { id } = run;
  const open = isOpen(run.state);
  const retry = () => act(RetryRunDocument, { id, task: null }, () => "The retry is a run of its own.", (data) => go(data.retryRun.id)); // prettier-ignore
  const resume = () => act(ResumeRunDocument, { id }, () => "It goes on as a run of its own.", (data) => go(data.resumeRun.id)); // prettier-ignore
  const cancel = () => act(CancelRunDocument, { id }, () => "The run was asked to stop.");
  const archive = () =>
    act(ArchiveRunDocument, { id, archived: !run.archived }, () =>
      run.archived ? "The run is listed again." : "The run is archived.",
    );
  useKeys(
    "Run",
    useMemo<readonly Key[]>(() => [{ key: "c", what: "Clone the run", act: clone.open }], [clone.open]),
  );
  return (
    <div className={styles.actions}>
      {open && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerStop size={14} />}
          disabled={busy}
          onClick={() => void cancel()}
        >
          Cancel
        </Button>
      )}
      {run.state === "FAILED" && (
        <Button size="xs" leftSection={<IconRefresh size={14} />} disabled={busy} onClick={() => void retry()}>
          Retry
        </Button>
      )}
      {run.state === "CANCELED" && (
        <Button size="xs" leftSection={<IconPlayerPlay size={14} />} disabled={busy} onClick={() => void resume()}>
          Resume
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconRepeat size={14} />}
        disabled={busy || !definition}
        onClick={clone.open}
      >
        Clone
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More to do with this run">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!open && run.state !== "CANCELED" && (
            <Menu.Item leftSection={<IconPlayerPlay size={14} />} onClick={() => void resume()}>
              Resume
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={run.archived ? <IconArchiveOff size={14} /> : <IconArchive size={14} />}
            onClick={() => void archive()}
          >
            {run.archived ? "Take out of the archive" : "Archive"}
          </Menu.Item>
          <Menu.Item leftSection={<IconClockPlay size={14} />} disabled={!definition} onClick={schedule.open}>
            Run it at set times
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => void navigator.clipboard.writeText(id)}>
            Copy its id
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconColumns3 size={14} />}
            renderRoot={(props) => <Link to="/compare" search={{ of: run.context.id }} {...props} />}
          >
            Compare
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFolder size={14} />}
            renderRoot={(props) => <Link to={nodePath(run.context.id)} {...props} />}
          >
            Its context in the record
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {scheduling && (
        <Suspense>
          <ScheduleRun id={id} onClose={schedule.close} />
        </Suspense>
      )}
      {definition && cloning && (
        <Suspense>
          <CloneForm run={run} definition={definition} onClose={clone.close} />
        </Suspense>
      )}
    </div>
  );
}
