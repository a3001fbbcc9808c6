import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowRight, IconArrowsMaximize } from "@tabler/icons-react";
import { type RefObject, useCallback, useEffect, useMemo, useRef } from "react";

import { Graph } from "../draw/Graph";
import type { GraphHandle } from "../draw/view";
import { lookOf } from "../kit/State";
import { Empty } from "../shell/faces";
import { type Key, useKeys } from "../shell/keys";
import { openness, toggled } from "./opened";
import type { RunSearch } from "./search";
import styles from "./runs.module.css";
import type { Change } from "./usePlace";
import { Acts, TaskCard } from "./TaskCard";
import { type Branch, branchAt, walk } from "./tree";
import { type TaskBox, useDrawing } from "./useDrawing";

/** Boxes of a drawing that is small. */
const FEW = 40;

const TONES: Readonly<Record<string, string>> = {
  good: "var(--clew-good)",
  busy: "var(--clew-busy)",
  reused: "var(--clew-reused)",
  bad: "var(--clew-bad)",
  waiting: "var(--clew-waiting)",
  idle: "var(--clew-idle)",
};

/** The run drawn as what it is: steps, what they wait for, graphs in graphs, loops with their iterations. */
export function GraphTab({
  id,
  tree,
  search,
  change,
}: {
  readonly id: string;
  readonly tree: readonly Branch[];
  readonly search: RunSearch;
  readonly change: Change<RunSearch>;
}) {
  const graph = useRef<GraphHandle>(null);
  const { open, shut, flow = "TB" } = search;
  const isOpen = useMemo(() => openness(tree, { ...(open ? { open } : {}), ...(shut ? { shut } : {}) }), [tree, open, shut]); // prettier-ignore
  const { boxes, lines, spots } = useDrawing(tree, isOpen, flow);
  const toggle = useCallback(
    (branch: Branch, was: boolean) => {
      change(toggled(branch, was, { ...(open ? { open } : {}), ...(shut ? { shut } : {}) }));
      setTimeout(() => graph.current?.reveal([branch.path]), 60);
    },
    [change, open, shut],
  );
  const acts = useMemo(
    () => ({ toggle, list: (branch: Branch) => change({ view: "tasks", q: `${branch.path}#`, task: undefined }) }),
    [toggle, change],
  );
  const select = useCallback((path: string | null) => {
    if (!path?.endsWith("!more")) change({ task: path ?? undefined });
  }, [change]); // prettier-ignore
  const enter = (path: string) => {
    const branch = branchAt(tree, path);
    if (branch?.children.length) toggle(branch, isOpen(branch));
    else select(path);
  };
  useRoom(graph, search.task, boxes.length);
  useGraphKeys(tree, boxes, search.task, isOpen, toggle, select, graph);
  if (tree.length === 0)
    return (
      <Empty title="Nothing has begun">The pipeline of this run is not kept here, and no task was recorded.</Empty>
    );
  return (
    <Acts value={acts}>
      <Graph
        ref={graph}
        boxes={boxes}
        lines={lines}
        spots={spots}
        fitKey={id}
        orientation={flow}
        render={TaskCard}
        label="The tasks of the run: arrows walk, Enter opens"
        selected={search.task ?? null}
        onSelect={select}
        onOpen={enter}
        tone={toneOf}
        minimap={boxes.length > 40}
      >
        <div className={styles.tools}>
          <Tooltip label="Fit the drawing (f)">
            <ActionIcon variant="default" aria-label="Fit the drawing" onClick={() => graph.current?.fit()}>
              <IconArrowsMaximize size={15} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={flow === "TB" ? "Draw from left to right" : "Draw from top to bottom"}>
            <ActionIcon
              variant="default"
              aria-label={flow === "TB" ? "Draw from left to right" : "Draw from top to bottom"}
              onClick={() => change({ flow: flow === "TB" ? "LR" : undefined })}
            >
              {flow === "TB" ? <IconArrowRight size={15} /> : <IconArrowDown size={15} />}
            </ActionIcon>
          </Tooltip>
        </div>
      </Graph>
    </Acts>
  );
}

/** Small drawings use the room there is; in large ones the chosen task is brought into view. */
function useRoom(graph: RefObject<GraphHandle | null>, task: string | undefined, boxes: number) {
  const panel = task !== undefined;
  const had = useRef(panel);
  useEffect(() => {
    const moved = had.current !== panel;
    had.current = panel;
    const later = setTimeout(() => {
      if (moved && boxes <= FEW) graph.current?.fit();
      else if (task !== undefined) graph.current?.reveal([task]);
    }, 80); // the panel takes its room first
    return () => clearTimeout(later);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- boxes that come and go do not move the view
  }, [graph, task, panel]);
}

function toneOf(box: TaskBox): string {
  return TONES[lookOf(box.data.branch.state)[1]] ?? "var(--clew-idle)";
}

function useGraphKeys(
  tree: readonly Branch[],
  boxes: readonly TaskBox[],
  task: string | undefined,
  isOpen: (branch: Branch) => boolean,
  toggle: (branch: Branch, was: boolean) => void,
  select: (path: string | null) => void,
  graph: RefObject<GraphHandle | null>,
) {
  const keys = useMemo<readonly Key[]>(() => {
    const shown = new Set(boxes.map((box) => box.id));
    const step = (by: 1 | -1) => {
      const paths = [...walk(tree)].map(({ branch }) => branch.path).filter((path) => shown.has(path));
      const at = task === undefined ? -1 : paths.indexOf(task);
      const next = paths[at < 0 ? (by > 0 ? 0 : paths.length - 1) : at + by];
      if (next === undefined) return;
      select(next);
      graph.current?.focus(next);
    };
    return [
      { key: "j", what: "Next task", act: () => step(1) },
      { key: "k", what: "Task before", act: () => step(-1) },
      {
        key: "e",
        what: "Open or close the graph or loop",
        act: () => {
          const branch = task === undefined ? undefined : branchAt(tree, task);
          if (branch?.children.length) toggle(branch, isOpen(branch));
        },
      },
      { key: "f", what: "Fit the drawing", act: () => graph.current?.fit() },
    ];
  }, [tree, boxes, task, isOpen, toggle, select, graph]);
  useKeys("Drawing of the run", keys);
}
