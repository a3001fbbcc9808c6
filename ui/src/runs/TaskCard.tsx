import {
  IconBoxMultiple, IconChevronDown, IconChevronRight, IconDatabaseImport, IconGitBranch, IconRepeat, IconRouteSquare, IconTerminal2,
} from "@tabler/icons-react"; // prettier-ignore
import { createContext, useContext } from "react";

import { count, duration, short } from "../kit/format";
import { lookOf, StateBadge } from "../kit/State";
import { useNow } from "../kit/Time";
import { TallyBar } from "./TallyBar";
import styles from "./task.module.css";
import type { Branch } from "./tree";
import type { TaskBox } from "./useDrawing";
import { tookMs } from "./words";

/** What the boxes of a drawing can do. */
export interface BoxActs {
  readonly toggle: (branch: Branch, isOpen: boolean) => void;
  readonly list: (branch: Branch) => void;
}

/** Given by who draws. */
export const Acts = createContext<BoxActs>({ toggle: () => undefined, list: () => undefined });

/** The inside of a box: a step, a closed graph with its counts, or the frame of an open one. */
export function TaskCard({ box, selected }: { readonly box: TaskBox; readonly selected: boolean }) {
  const { branch, depth, open, more } = box.data;
  const acts = useContext(Acts);
  if (more)
    return (
      <button type="button" className={styles.more} onClick={() => acts.list(branch)}>
        {count(more)} more, in the table
      </button>
    );
  const [, tone] = lookOf(branch.state);
  const inside = branch.children.length > 0;
  return (
    <div
      className={open ? styles.frame : styles.card}
      data-look={tone}
      data-state={branch.state}
      data-selected={selected || undefined}
      data-shape={branch.shape}
      data-inner={depth > 0 || undefined}
    >
      <div className={styles.head}>
        {inside ? (
          <button
            type="button"
            className={styles.fold}
            tabIndex={-1}
            aria-label={`${open ? "Close" : "Open"} ${short(branch.name, 80)}`}
            aria-expanded={open}
            onClick={(event) => {
              event.stopPropagation();
              acts.toggle(branch, open);
            }}
          >
            {open ? <IconChevronDown size={15} /> : <IconChevronRight size={15} />}
          </button>
        ) : (
          <ShapeIcon branch={branch} />
        )}
        <span className={`cut ${styles.name ?? ""}`} dir="auto" title={short(branch.path, 500)}>
          {short(branch.name, 80)}
        </span>
        {open && <StateBadge state={branch.state} />}
        {open && <Took branch={branch} />}
      </div>
      {!open && (
        <div className={styles.foot}>
          <StateBadge state={branch.state} />
          <Took branch={branch} />
        </div>
      )}
      {!open && branch.shape !== "step" && <TallyBar counts={branch.counts} />}
    </div>
  );
}

/** What kind of task it is, as a picture. */
export function ShapeIcon({ branch, size = 15 }: { readonly branch: Branch; readonly size?: number }) {
  const Icon =
    branch.shape === "loop"
      ? IconRepeat
      : branch.shape === "iteration"
        ? IconBoxMultiple
        : branch.shape === "graph"
          ? branch.defined?.condition
            ? IconGitBranch
            : IconBoxMultiple
          : branch.kind === "importer"
            ? IconDatabaseImport
            : branch.kind === "resolver"
              ? IconRouteSquare
              : IconTerminal2;
  return <Icon size={size} stroke={1.7} className={styles.icon} aria-hidden />;
}

/** How long it took, or takes so far; of what was reused, what that saved. */
function Took({ branch }: { readonly branch: Branch }) {
  const now = useNow();
  if (branch.state === "CACHED" && branch.savedMs > 0)
    return <span className={styles.took}>saved {duration(branch.savedMs)}</span>;
  const ms = tookMs(branch, now);
  return ms === null || branch.state === "SKIPPED" ? null : <span className={styles.took}>{duration(ms)}</span>;
}
