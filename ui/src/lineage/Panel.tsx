import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type KeyboardEvent, type PointerEvent, useRef } from "react";

import { ClusterPanel } from "./ClusterPanel";
import { DiffPanel } from "./DiffPanel";
import styles from "./panel.module.css";
import { NodePanel } from "./NodePanel";
import type { Acts, View } from "./useActs";
import type { Explorer } from "./useExplorer";

const LEAST = 280;
const MOST = 760;

/** What is known of the chosen node, beside the drawing: it lies over it, so that nothing moves; below 760 px it is a sheet. */
export function Panel({
  explorer,
  view,
  acts,
  width,
  onWidth,
}: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
  readonly width: number;
  readonly onWidth: (width: number) => void;
}) {
  const { search, set } = explorer;
  const { sel, diff } = search;
  const cluster = sel === undefined ? undefined : view.scene.clusters.find(({ id }) => id === sel);
  const gone = sel?.startsWith("cluster:") && !cluster;
  if (gone && diff === undefined) return null;
  return (
    <aside className={styles.panel} style={{ width }} aria-label="Details">
      <Grip width={width} onWidth={onWidth} />
      <ActionIcon
        className={styles.close}
        variant="subtle"
        size={28}
        aria-label="Close"
        onClick={() => (sel === undefined ? set({ diff: undefined }) : set({ sel: undefined }, true))}
      >
        <IconX size={16} />
      </ActionIcon>
      {cluster ? (
        <ClusterPanel key={cluster.id} cluster={cluster} explorer={explorer} acts={acts} />
      ) : sel !== undefined && !gone ? (
        <NodePanel key={sel} id={sel} explorer={explorer} view={view} acts={acts} />
      ) : (
        diff !== undefined && <DiffPanel a={explorer.focus} b={diff} view={view} acts={acts} />
      )}
    </aside>
  );
}

function Grip({ width, onWidth }: { readonly width: number; readonly onWidth: (width: number) => void }) {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const within = (value: number) => Math.round(Math.min(MOST, Math.max(LEAST, value)));
  const moved = (event: PointerEvent) => {
    if (from.current) onWidth(within(from.current.width + from.current.x - event.clientX));
  };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onWidth(within(width + by));
  };
  return (
    <div
      className={styles.grip}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the details"
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onKeyDown={keys}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={moved}
      onPointerUp={() => {
        from.current = null;
      }}
    />
  );
}
