import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useEffect, useMemo, useRef, useState } from "react";

import { duration, short } from "../kit/format";
import { lookOf } from "../kit/State";
import { useNow } from "../kit/Time";
import { Empty } from "../shell/faces";
import { rowsOf, spanOf, ticks } from "./rows";
import type { RunSearch } from "./search";
import type { Change } from "./usePlace";
import { ShapeIcon } from "./TaskCard";
import { TaskFilter } from "./TaskFilter";
import styles from "./timeline.module.css";
import type { Branch } from "./tree";
import { isOpen, type RunFacts } from "./useRun";
import { tookMs } from "./words";

const ROW = 28;

/** When each task began and how long it took, on one ruler; what goes on grows. */
export function TimelineTab({
  run,
  tree,
  search,
  change,
}: {
  readonly run: RunFacts;
  readonly tree: readonly Branch[];
  readonly search: RunSearch;
  readonly change: Change<RunSearch>;
}) {
  const box = useRef<HTMLDivElement>(null);
  const now = useNow();
  const all = useMemo(() => rowsOf(tree, search.q ?? "", search.state ?? ""), [tree, search.q, search.state]);
  const rows = useMemo(() => all.filter(({ branch }) => branch.fact), [all]);
  const over = !isOpen(run.state);
  const span = spanOf(rows, run.startedMs, over ? run.endedMs : null, now);
  const length = span.toMs - span.fromMs;
  const share = (ms: number) => `${((ms - span.fromMs) / length) * 100}%`;
  const [wide, setWide] = useState(800);
  const marks = ticks(span, Math.max(2, Math.floor(wide / 110)));
  // eslint-disable-next-line react-hooks/incompatible-library
  const shown = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  useEffect(() => {
    const sized = new ResizeObserver(([entry]) => setWide(trackOf(entry?.contentRect.width ?? 800)));
    if (box.current) sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  return (
    <div className={styles.timeline}>
      <TaskFilter tree={tree} shown={rows.length} search={search} change={change} />
      {rows.length === 0 ? (
        <Empty title={tree.length ? "No task has begun" : "Nothing to show"}>
          {search.q || search.state ? "No task that has begun matches." : "A bar appears as soon as a task begins."}
        </Empty>
      ) : (
        <div ref={box} className={styles.scroll}>
          <div className={styles.ruler} aria-hidden>
            <div className={styles.names} />
            <div className={styles.track}>
              {marks.map((ms) => (
                <span key={ms} style={{ left: share(span.fromMs + ms) }} data-last={ms / length > 0.93 || undefined}>
                  {duration(ms)}
                </span>
              ))}
            </div>
          </div>
          <ul style={{ height: shown.getTotalSize() }} aria-label="Tasks in time">
            {shown.getVirtualItems().map(({ index, start }) => {
              const row = rows[index];
              const fact = row?.branch.fact;
              if (!row || fact?.startedMs === undefined || fact.startedMs === null) return null;
              const { branch, depth } = row;
              const took = tookMs(branch, now) ?? 0;
              return (
                <li
                  key={branch.path}
                  style={{ transform: `translateY(${start}px)` }}
                  aria-setsize={rows.length}
                  aria-posinset={index + 1}
                >
                  <button
                    type="button"
                    className={styles.row}
                    aria-current={search.task === branch.path || undefined}
                    onClick={() => change({ task: branch.path })}
                  >
                    <span className={styles.names} style={{ paddingLeft: 12 + Math.min(depth, 8) * 14 }}>
                      <ShapeIcon branch={branch} size={13} />
                      <span className="cut" dir="auto" title={short(branch.path, 500)}>
                        {short(branch.name, 80)}
                      </span>
                    </span>
                    <span className={styles.track}>
                      <i
                        data-fill={lookOf(branch.state)[1]}
                        data-shape={branch.shape}
                        data-of={branch.state}
                        style={{ left: share(fact.startedMs), width: `${(took / length) * 100}%` }}
                      />
                      <em
                        style={labelAt((fact.startedMs - span.fromMs) / length, took / length, wide)}
                        data-on={isOn((fact.startedMs - span.fromMs) / length, took / length, wide) || undefined}
                      >
                        {branch.state === "CACHED" && branch.savedMs > 0
                          ? `saved ${duration(branch.savedMs)}`
                          : duration(took)}
                      </em>
                      <span className="unseen">{lookOf(branch.state)[2]}</span>
                    </span>
                  </button>
                </li>
              );
            })}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Pixels of a label, at most. */
const LABEL = 92;

/** The label of a bar: behind it, else before it; on it, where there is room for neither. */
function labelAt(from: number, length: number, track: number): CSSProperties {
  const percent = (share: number) => `calc(${share * 100}% + 6px)`;
  if (isOn(from, length, track)) return { right: percent(Math.max(0, 1 - from - length)) };
  return (1 - from - length) * track > LABEL ? { left: percent(from + length) } : { right: percent(1 - from) };
}

function isOn(from: number, length: number, track: number): boolean {
  return length * track > LABEL + 40 || ((1 - from - length) * track <= LABEL && from * track <= LABEL);
}

/** How wide the track is, in a table of this width: see timeline.module.css. */
function trackOf(width: number): number {
  return Math.max(80, width - 24 - (window.innerWidth > 900 ? 240 : 128));
}
