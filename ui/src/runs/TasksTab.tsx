import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";

import { duration, moment, short } from "../kit/format";
import { StateBadge } from "../kit/State";
import { useNow } from "../kit/Time";
import { Empty } from "../shell/faces";
import { rowsOf } from "./rows";
import type { RunSearch } from "./search";
import type { Change } from "./usePlace";
import { ShapeIcon } from "./TaskCard";
import { TaskFilter } from "./TaskFilter";
import styles from "./tasks.module.css";
import type { Branch } from "./tree";
import { told, tookMs } from "./words";

const ROW = 32;
const COLUMNS = ["Task", "State", "Kind", "Began", "Took", "Saved", "What happened"] as const;

/** All tasks of a run as a table: the drawing, for those who read. */
export function TasksTab({
  tree,
  search,
  change,
}: {
  readonly tree: readonly Branch[];
  readonly search: RunSearch;
  readonly change: Change<RunSearch>;
}) {
  const box = useRef<HTMLDivElement>(null);
  const now = useNow();
  const rows = useMemo(() => rowsOf(tree, search.q ?? "", search.state ?? ""), [tree, search.q, search.state]);
  // eslint-disable-next-line react-hooks/incompatible-library
  const shown = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = shown.getVirtualItems();
  return (
    <div className={styles.tasks}>
      <TaskFilter tree={tree} shown={rows.length} search={search} change={change} />
      {rows.length === 0 ? (
        <Empty title="No task">
          {search.q || search.state ? "No task of this run matches." : "Tasks appear as soon as they begin."}
        </Empty>
      ) : (
        <div ref={box} className={styles.scroll} tabIndex={0} role="region" aria-label="Tasks of the run">
          <div role="table" aria-label="Tasks of the run" aria-rowcount={rows.length + 1} className={styles.table}>
            <div role="row" className={styles.head}>
              {COLUMNS.map((name) => (
                <div key={name} role="columnheader">
                  {name}
                </div>
              ))}
            </div>
            <div role="rowgroup" style={{ height: shown.getTotalSize() }} className={styles.body}>
              {items.map(({ index, start }) => {
                const row = rows[index];
                if (!row) return null;
                const { branch, depth } = row;
                const { fact } = branch;
                const took = tookMs(branch, now);
                const happened = fact?.error || fact?.skipped || (branch.shape === "step" ? (fact?.origin ? `the same as ${fact.origin}` : "") : told(branch.counts)); // prettier-ignore
                return (
                  <div
                    key={branch.path}
                    role="row"
                    aria-rowindex={index + 2}
                    className={styles.row}
                    data-selected={search.task === branch.path || undefined}
                    style={{ transform: `translateY(${start}px)` }}
                  >
                    <div role="cell" style={{ paddingLeft: 12 + Math.min(depth, 8) * 16 }}>
                      <ShapeIcon branch={branch} size={14} />
                      <button
                        type="button"
                        className="cut"
                        dir="auto"
                        title={short(branch.path, 500)}
                        onClick={() => change({ task: branch.path })}
                      >
                        {short(branch.name, 100)}
                      </button>
                    </div>
                    <div role="cell">
                      <StateBadge state={branch.state} />
                    </div>
                    <div role="cell" className="dim">
                      {branch.shape === "step" ? branch.kind : branch.shape}
                    </div>
                    <div role="cell" className="dim">
                      {fact?.startedMs ? moment(fact.startedMs).slice(11) : "–"}
                    </div>
                    <div role="cell">{took === null ? "–" : duration(took)}</div>
                    <div role="cell">{branch.savedMs > 0 ? duration(branch.savedMs) : ""}</div>
                    <div role="cell" className={fact?.error ? styles.bad : "dim"}>
                      <span className="cut" dir="auto" title={short(happened, 500)}>
                        {short(happened, 200)}
                      </span>
                    </div>
                  </div>
                );
              })}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}
