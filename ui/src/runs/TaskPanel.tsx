import { ActionIcon, Button, Tabs } from "@mantine/core";
import { IconRefresh, IconX } from "@tabler/icons-react";
import type { CSSProperties, KeyboardEvent, PointerEvent } from "react";
import { useState } from "react";

import { local } from "../api/storage";
import { short } from "../kit/format";
import { StateBadge } from "../kit/State";
import { useDoing } from "./doing";
import { LogView } from "./LogView";
import styles from "./panel.module.css";
import { RetryRunDocument } from "./queries.generated";
import type { RunSearch, TaskTab } from "./search";
import type { Change } from "./usePlace";
import { ShapeIcon } from "./TaskCard";
import { TaskFacts } from "./TaskFacts";
import type { Branch } from "./tree";
import { isOpen, type RunFacts } from "./useRun";

const KEY = "clew.run.panel";
const [LEAST, MOST, USUAL] = [320, 900, 440];

/** All about one task, at the side of the run. */
export function TaskPanel({
  run,
  branch,
  tree,
  search,
  change,
}: {
  readonly run: RunFacts;
  readonly branch: Branch;
  readonly tree: readonly Branch[];
  readonly search: RunSearch;
  readonly change: Change<RunSearch>;
}) {
  const [width, setWidth] = useState(() => within(Number(local.get(KEY) ?? USUAL)));
  const { busy, act, go } = useDoing();
  const close = () => change({ task: undefined, tab: undefined });
  const hasLog = branch.shape === "step" && branch.kind === "container" && branch.fact !== undefined;
  const tab: TaskTab = hasLog ? (search.tab ?? "facts") : "facts";
  const again = () =>
    act(RetryRunDocument, { id: run.id, task: branch.path }, () => "It runs anew, with what depends on it, in a run of its own.", (data) => go(data.retryRun.id)); // prettier-ignore
  const keep = (next: number) => {
    setWidth(within(next));
    local.set(KEY, String(within(next)));
  };
  return (
    <aside
      className={styles.panel}
      style={{ "--width": `${width}px` } as CSSProperties}
      aria-label={`Task ${short(branch.name, 100)}`}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) close();
      }}
    >
      <Grip width={width} onWidth={keep} />
      <header className={styles.head}>
        <ShapeIcon branch={branch} size={17} />
        <h2 className="cut" dir="auto" title={short(branch.path, 500)}>
          {short(branch.name)}
        </h2>
        <StateBadge state={branch.state} />
        <span className={styles.push} />
        {!isOpen(run.state) && branch.shape !== "iteration" && branch.fact && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconRefresh size={13} />}
            disabled={busy}
            onClick={() => void again()}
          >
            Run anew
          </Button>
        )}
        <ActionIcon variant="subtle" color="gray" aria-label="Close the panel" onClick={close}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      <Tabs
        value={tab}
        onChange={(next) => change({ tab: next === "log" ? "log" : undefined })}
        className={styles.tabs ?? ""}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="facts">Details</Tabs.Tab>
          {hasLog && <Tabs.Tab value="log">Log</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="facts" className={styles.scroll ?? ""}>
          <TaskFacts
            key={branch.path}
            run={run}
            branch={branch}
            tree={tree}
            onLog={hasLog ? () => change({ tab: "log" }) : null}
            onTask={(task) => change({ task })}
          />
        </Tabs.Panel>
        {hasLog && (
          <Tabs.Panel value="log" className={styles.filled ?? ""}>
            <LogView key={`${branch.path} ${branch.fact.execution}`} run={run.id} task={branch.path} />
          </Tabs.Panel>
        )}
      </Tabs>
    </aside>
  );
}

/** The edge by which the panel is made wider: by pointer, and by arrow keys. */
function Grip({ width, onWidth }: { readonly width: number; readonly onWidth: (width: number) => void }) {
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const right = event.currentTarget.parentElement?.getBoundingClientRect().right ?? 0;
    onWidth(right - event.clientX);
  };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onWidth(width + by);
  };
  return (
    <div
      className={styles.grip}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={width}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={move}
      onKeyDown={keys}
    />
  );
}

function within(width: number): number {
  return Number.isFinite(width) ? Math.round(Math.min(Math.max(width, LEAST), MOST)) : USUAL;
}
