import { Tabs } from "@mantine/core";
import { type ReactElement, useMemo } from "react";

import { useTitle } from "../shell/crumbs";
import { ErrorFace, Loading, Partial as PartialFace } from "../shell/faces";
import { type Key, useKeys } from "../shell/keys";
import { GraphTab } from "./GraphTab";
import { RunHeader } from "./RunHeader";
import styles from "./runs.module.css";
import { type RunSearch, type RunViewName, VIEWS } from "./search";
import { SpecTab } from "./SpecTab";
import { TaskPanel } from "./TaskPanel";
import { TasksTab } from "./TasksTab";
import { TimelineTab } from "./TimelineTab";
import { branchAt } from "./tree";
import { useId, usePlace } from "./usePlace";
import { MOST_TASKS, useRun } from "./useRun";
import { ValuesTab } from "./ValuesTab";
import { runName } from "./words";

const NAMES: Readonly<Record<RunViewName, string>> = {
  graph: "Graph",
  timeline: "Timeline",
  tasks: "Tasks",
  values: "Values",
  spec: "Pipeline",
};

/** One run, live. */
export function RunView(): ReactElement {
  const id = useId();
  return <OneRun key={id} id={id} />;
}

function OneRun({ id }: { readonly id: string }) {
  const [search, change] = usePlace<RunSearch>();
  const now = useRun(id);
  const { run, tree } = now;
  useTitle(run ? runName(run) : undefined);
  const view = search.view ?? "graph";
  useKeys(
    "Views of the run",
    useMemo<readonly Key[]>(
      () => VIEWS.map((one, i) => ({ key: String(i + 1), what: NAMES[one], act: () => change({ view: one }) })),
      [change],
    ),
  );
  if (!run) return now.error ? <ErrorFace error={now.error} retry={now.again} /> : <Loading lines={10} />;
  const branch = search.task === undefined ? undefined : branchAt(tree, search.task);
  return (
    <div className={styles.page}>
      <RunHeader run={run} definition={now.definition} />
      <Tabs
        value={view}
        onChange={(next) => change({ view: VIEWS.find((one) => one === next && one !== "graph") })}
        keepMounted={false}
        className={styles.tabs ?? ""}
      >
        <Tabs.List className={styles.tablist ?? ""}>
          {VIEWS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {NAMES[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {now.error && now.definition === undefined && <ErrorFace error={now.error} retry={now.again} />}
        {now.cut && <PartialFace>The first {MOST_TASKS.toLocaleString("en")} tasks are shown.</PartialFace>}
        {now.definition === null && (
          <PartialFace>The pipeline of this run is not kept here: what has not begun cannot be shown.</PartialFace>
        )}
        {now.definition === undefined && !now.error ? (
          <Loading lines={8} />
        ) : (
          <div className={styles.body}>
            <Tabs.Panel value="graph" className={styles.view ?? ""}>
              <GraphTab id={id} tree={tree} search={search} change={change} />
            </Tabs.Panel>
            <Tabs.Panel value="timeline" className={styles.view ?? ""}>
              <TimelineTab run={run} tree={tree} search={search} change={change} />
            </Tabs.Panel>
            <Tabs.Panel value="tasks" className={styles.view ?? ""}>
              <TasksTab tree={tree} search={search} change={change} />
            </Tabs.Panel>
            <Tabs.Panel value="values" className={styles.view ?? ""}>
              <ValuesTab run={run} />
            </Tabs.Panel>
            <Tabs.Panel value="spec" className={styles.view ?? ""}>
              <SpecTab id={id} />
            </Tabs.Panel>
            {branch && <TaskPanel run={run} branch={branch} tree={tree} search={search} change={change} />}
          </div>
        )}
      </Tabs>
    </div>
  );
}
