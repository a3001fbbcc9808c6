import { Button, Tooltip } from "@mantine/core";
import { IconArrowUp, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { CombinedError } from "urql";

import { count } from "../kit/format";
import { askConnection } from "../kit/table/ask";
import { ExportMenu } from "../kit/table/ExportMenu";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import { type Key, useKeys } from "../shell/keys";
import { useAddress, useNamespace, useReaddress } from "../shell/place";
import { Change } from "./Change";
import { exported } from "./exported";
import { Filters } from "./Filters";
import styles from "./log.module.css";
import { LogExportDocument } from "./queries.generated";
import { Rows } from "./Rows";
import { type LogSearch, logSearch, narrows } from "./search";
import { filterOf, type Log, useLog } from "./useLog";

/** Log: everything that was ever recorded, newest first. */
export function LogView() {
  const search = useAddress(logSearch);
  const change = useReaddress<LogSearch>();
  const namespace = useNamespace();
  const [paused, setPaused] = useState(false);
  const log = useLog(search, namespace, paused);
  const open = (seq: number | undefined) => change({ seq }, search.seq !== undefined);
  const move = (by: number) => {
    const at = search.seq === undefined ? -1 : log.indexOf(search.seq);
    const row = log.known.row(Math.max(0, at + by));
    if (row) open(row.seq);
  };
  useLogKeys({ log, move, close: () => open(undefined), pause: () => setPaused(!paused) });
  const words = JSON.stringify(filterOf(search, namespace));
  const ask = useMemo(
    () => askConnection(LogExportDocument, JSON.parse(words) as object, (data) => data.changes),
    [words],
  );
  return (
    <div className={styles.view}>
      <h1 className="unseen">Log</h1>
      <Filters search={search} onChange={(next) => change(next, true)} />
      <div className={styles.bar}>
        <span className="dim" role="status">
          {told(log, narrows(search, namespace))}
        </span>
        {log.fresh.count > 0 && (
          <Button
            size="compact-xs"
            radius="xl"
            leftSection={<IconArrowUp size={13} aria-hidden />}
            onClick={log.showFresh}
            data-fresh
          >
            {count(log.fresh.count)}
            {log.fresh.more ? "+" : ""} new {log.fresh.count === 1 ? "change" : "changes"}
          </Button>
        )}
        <span className={styles.space} />
        <Tooltip label={paused ? "Tell of new changes again (p)" : "Tell of no new changes (p)"}>
          <Button
            size="compact-sm"
            variant="default"
            aria-pressed={paused}
            leftSection={paused ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />}
            onClick={() => setPaused(!paused)}
          >
            {paused ? "Go on" : "Pause"}
          </Button>
        </Tooltip>
        <ExportMenu ask={ask} columns={exported} file="changes" />
      </div>
      {log.known.failure !== null && log.known.length > 0 && (
        <Partial>
          Older changes could not be read.
          <Button size="compact-xs" variant="default" onClick={log.retry}>
            Try again
          </Button>
        </Partial>
      )}
      <div className={styles.body}>
        <Body log={log} open={search.seq} onOpen={open} />
        {search.seq !== undefined && (
          <Change key={search.seq} seq={search.seq} onClose={() => open(undefined)} onMove={move} />
        )}
      </div>
    </div>
  );
}

function Body({
  log,
  open,
  onOpen,
}: {
  readonly log: Log;
  readonly open: number | undefined;
  readonly onOpen: (seq: number) => void;
}) {
  const { known } = log;
  if (known.failure !== null && known.length === 0) {
    const error =
      known.failure instanceof CombinedError || known.failure instanceof Error
        ? known.failure
        : new Error("The log could not be read.");
    return <ErrorFace error={error} retry={log.retry} />;
  }
  if (known.waiting) return <Loading lines={12} />;
  if (known.length === 0 && known.whole) {
    return known.top === 0 ? (
      <Empty title="Nothing has been recorded yet">
        Every run, every artifact and every change to them will stand here, with who made it and when.
      </Empty>
    ) : (
      <Empty title="No change matches">Take something out of the filter to see more.</Empty>
    );
  }
  if (known.length === 0) return <Loading lines={12} />;
  return <Rows log={log} open={open} onOpen={onOpen} />;
}

function told({ known }: Log, narrow: boolean): string {
  if (known.waiting) return "Loading";
  if (!narrow) return `${count(known.length)} ${known.length === 1 ? "change" : "changes"}`;
  if (known.whole) return `${count(known.length)} of ${count(known.top)} changes`;
  const where = known.reached === null ? "" : `, looked through down to change ${count(known.reached)}`;
  return `${count(known.length)} found${where}`;
}

function useLogKeys(on: {
  readonly log: Log;
  readonly move: (by: number) => void;
  readonly close: () => void;
  readonly pause: () => void;
}) {
  const keys: readonly Key[] = [
    { key: "j", what: "Open the next older change", act: () => on.move(1) },
    { key: "k", what: "Open the next newer change", act: () => on.move(-1) },
    { key: "Escape", what: "Close the change", act: on.close },
    { key: "p", what: "Pause, or go on", act: on.pause },
    { key: "n", what: "Show new changes", act: on.log.showFresh },
  ];
  useKeys("Log", keys);
}
