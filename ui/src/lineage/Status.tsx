import { Button, Loader } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { CombinedError } from "urql";

import { told } from "../api/errors";
import { count, figure } from "../kit/format";
import styles from "./explorer.module.css";
import type { Acts, View } from "./useActs";
import { BOUNDS, type Explorer } from "./useExplorer";

/** What is shown of how much, how long it took, and what is left out: never silently. */
export function Status({
  explorer,
  view,
  acts,
  lit,
  error,
}: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
  readonly lit: ReadonlySet<string> | null;
  readonly error: CombinedError | null;
}) {
  const { search, set, known, asking, shown } = explorer;
  const { scene, diff, path, comparing } = view;
  const { facts } = known;
  const working = [asking, diff.asking, path.asking].find(({ busy }) => busy);
  const dimmed = lit ? view.drawn.boxes.filter(({ id }) => !lit.has(id)).length : 0;
  const overlay = diff.overlay;
  return (
    <div className={styles.status} role="status" aria-live="polite">
      {comparing && overlay ? (
        <span>
          <b data-side="a">{count(overlay.onlyA)} only here</b>, <b data-side="b">{count(overlay.onlyB)} only there</b>,{" "}
          {count(overlay.both)} in both{overlay.partial && " (the nearest 200 of each)"}
        </span>
      ) : (
        facts && (
          <>
            <Share shown={scene.up} total={facts.upstream} words="upstream" />
            <Share shown={scene.down} total={facts.downstream} words="downstream" />
            <span className={`dim ${styles.small ?? ""}`} title={`The record as of change ${facts.seq}`}>
              {count(scene.nodes.length)} shown · {figure(Number(facts.tookMs.toPrecision(2)))} ms
            </span>
          </>
        )
      )}
      {!comparing && facts?.partial && search.shown === undefined && (facts.totalNodes ?? 0) > shown.size && (
        <Chip>
          the nearest {count(shown.size)} of {count(facts.totalNodes ?? 0)} within {search.hops ?? 1}{" "}
          {(search.hops ?? 1) === 1 ? "hop" : "hops"}
        </Chip>
      )}
      {shown.size >= BOUNDS.shown && <Chip>{count(BOUNDS.shown)} nodes are the most a drawing holds</Chip>}
      {scene.hidden.length > 0 && search.mode !== "whole" && (
        <Chip act="Show all" onAct={acts.unhide}>
          {count(scene.hidden.length)} hidden by filters
        </Chip>
      )}
      {path.ways && (
        <Chip act="Clear" onAct={() => set({ path: undefined })}>
          {path.ways.many
            ? `${count(path.ways.many)}${path.ways.partial ? " or more" : ""} ${path.ways.many === 1 ? "way" : "ways"} of ${path.ways.length} hops`
            : "No way leads from one to the other"}
        </Chip>
      )}
      {dimmed > 0 && (
        <Chip act="Show all" onAct={() => set({ lock: undefined, path: undefined })}>
          {count(dimmed)} dimmed
        </Chip>
      )}
      {comparing && (
        <Chip act="End" onAct={() => set({ diff: undefined })}>
          comparing
        </Chip>
      )}
      {acts.picking && (
        <Chip act="Cancel" onAct={acts.escape}>
          Choose the node {acts.picking.what === "path" ? "to find the way to" : "to compare with"}
        </Chip>
      )}
      {error && (
        <span className={styles.error} title={told(error).remedy}>
          {told(error).message}
        </span>
      )}
      {asking.given && <span className="dim">Given up.</span>}
      {working && (
        <span className={styles.busy}>
          <Loader size={12} aria-hidden /> {working.busy}
          <Button size="compact-xs" variant="default" onClick={working.cancel}>
            Cancel
          </Button>
        </span>
      )}
    </div>
  );
}

function Share({ shown, total, words }: { readonly shown: number; readonly total: number; readonly words: string }) {
  return (
    <span>
      <b>{count(shown)}</b> of {count(Math.max(total, shown))} {words}
    </span>
  );
}

function Chip({
  children,
  act,
  onAct,
}: {
  readonly children: ReactNode;
  readonly act?: string;
  readonly onAct?: () => void;
}) {
  return (
    <span className={styles.chip}>
      {children}
      {act && (
        <button type="button" onClick={onAct}>
          {act === "Cancel" || act === "End" ? <IconX size={12} aria-hidden /> : null}
          {act}
        </button>
      )}
    </span>
  );
}
