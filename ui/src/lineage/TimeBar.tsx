import { ActionIcon, Button, RangeSlider, Switch, Tooltip } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";

import { moment } from "../kit/format";
import styles from "./explorer.module.css";
import type { View } from "./useActs";
import type { Explorer } from "./useExplorer";

const STEP_MS = 900;

/** The record as it was: the moment shown, and one to compare it with; play goes through what happened between. */
export function TimeBar({
  explorer,
  view,
  inset,
}: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly inset: number;
}) {
  const { search, set, known, asking } = explorer;
  const moments = useMemo(() => momentsOf(view), [view]);
  const [playing, setPlaying] = useState(false);
  const first = moments[0] ?? known.facts?.firstMs ?? 0;
  const last = Math.max(moments.at(-1) ?? 0, known.facts?.lastMs ?? 0, first + 1);
  const at = search.at ?? last;
  const since = search.since ?? first;
  const comparing = search.since !== undefined;
  const next = playing ? moments.find((one) => one > at) : undefined;
  useEffect(() => {
    if (!playing || asking.busy) return undefined;
    const timer = setTimeout(() => {
      if (next === undefined) {
        setPlaying(false);
        set({ at: undefined }, true);
      } else set({ at: next }, true);
    }, STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, next, asking.busy, set]);
  const play = () => {
    setPlaying(!playing);
    if (!playing && search.at === undefined) set({ at: first, ...(comparing ? { since: first } : {}) }, true);
  };
  const drawnTo = (value: number) => (value >= last ? undefined : value);
  return (
    <div className={styles.time} role="group" aria-label="Time" style={{ right: `calc((100% + ${inset}px) / 2)`, width: `min(720px, calc(100% - ${inset + 24}px))` }}>
      <Tooltip label={playing ? "Pause" : "Play what happened"}>
        <ActionIcon variant="default" size={30} onClick={play} aria-label={playing ? "Pause" : "Play what happened"}>
          {playing ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
        </ActionIcon>
      </Tooltip>
      <Slide
        key={`${first} ${last} ${comparing} ${since} ${at}`}
        first={first}
        last={last}
        since={comparing ? since : null}
        at={at}
        moments={moments}
        onChange={(from, to) => set({ at: drawnTo(to), ...(comparing ? { since: from } : {}) }, true)}
      />
      <span className={styles.when} title={moment(at)}>
        {search.at === undefined ? "Now" : moment(at)}
      </span>
      <Switch
        size="xs"
        label="Compare"
        checked={comparing}
        onChange={(event) => set({ since: event.currentTarget.checked ? Math.min(first, at) : undefined }, true)}
      />
      {search.at !== undefined && (
        <Button size="compact-xs" variant="default" leftSection={<IconX size={12} />} onClick={() => set({ at: undefined }, true)}>
          Now
        </Button>
      )}
    </div>
  ); // prettier-ignore
}

/** Moves freely; tells where it was let go. */
function Slide({
  first,
  last,
  since,
  at,
  moments,
  onChange,
}: {
  readonly first: number;
  readonly last: number;
  readonly since: number | null;
  readonly at: number;
  readonly moments: readonly number[];
  readonly onChange: (since: number, at: number) => void;
}) {
  const [value, setValue] = useState<[number, number]>([since ?? first, at]);
  const marks = moments.length <= 60 ? moments.map((one) => ({ value: one })) : [];
  return (
    <RangeSlider
      className={styles.slide}
      size="sm"
      min={first}
      max={last}
      minRange={0}
      step={Math.max(1, Math.round((last - first) / 1000))}
      value={value}
      label={(ms) => moment(ms)}
      marks={marks}
      data-single={since === null || undefined}
      thumbFromLabel="Compared with"
      thumbToLabel="Shown as of"
      onChange={(next) => setValue(since === null ? [first, next[1]] : next)}
      onChangeEnd={([from, to]) => onChange(from, to)}
    />
  );
}

/** When what is shown was recorded or changed, oldest first. */
function momentsOf({ scene }: View): number[] {
  return [...new Set(scene.nodes.flatMap(({ createdMs, updatedMs }) => [createdMs, updatedMs]))].sort((a, b) => a - b);
}
