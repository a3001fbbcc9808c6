import { Button, MultiSelect, Select } from "@mantine/core";
import { useMemo, useState } from "react";

import { Parallel } from "../kit/charts/Parallel";
import { type Point, Scatter } from "../kit/charts/Scatter";
import { count, short } from "../kit/format";
import { Empty } from "../shell/faces";
import type { useReaddress } from "../shell/place";
import { axesOf, dimensionOf, firstAxes } from "./axes";
import { type Column, numberOf } from "./columns";
import styles from "./compare.module.css";
import type { CompareSearch } from "./search";
import type { Items } from "./TableTab";

/** The items as lines across parallel axes, and as points by two of their numbers. */
export function ChartsTab({
  items,
  columns,
  search,
  change,
  onKeep,
}: {
  readonly items: Items;
  readonly columns: readonly Column[];
  readonly search: CompareSearch;
  readonly change: ReturnType<typeof useReaddress<CompareSearch>>;
  readonly onKeep: (ids: readonly string[]) => void;
}) {
  const axes = useMemo(() => axesOf(columns), [columns]);
  const names = useMemo(() => items.ids.map((id, row) => items.names[row] ?? id), [items]);
  if (axes.length < 2 || items.ids.length < 2) {
    return (
      <Empty title="There is nothing to draw">
        Charts need two items or more, and two numbers or more in which they differ: parameters, metrics.
      </Empty>
    );
  }
  return (
    <div className={styles.charts}>
      <Lines items={items} names={names} axes={axes} search={search} change={change} onKeep={onKeep} />
      <Points items={items} names={names} axes={axes} search={search} change={change} />
    </div>
  );
}

interface Drawn {
  readonly items: Items;
  readonly names: readonly string[];
  readonly axes: readonly Column[];
  readonly search: CompareSearch;
  readonly change: ReturnType<typeof useReaddress<CompareSearch>>;
}

function Lines({
  items,
  names,
  axes,
  search,
  change,
  onKeep,
}: Drawn & { readonly onKeep: (ids: readonly string[]) => void }) {
  const [kept, setKept] = useState<readonly number[] | null>(null);
  const known = useMemo(() => new Map(axes.map((one) => [one.id, one])), [axes]);
  const asked = search.axes?.filter((id) => known.has(id)) ?? [];
  const words = (asked.length > 1 ? asked : firstAxes(axes)).join("\n");
  const chosen = useMemo(() => words.split("\n"), [words]);
  const dimensions = useMemo(() => chosen.flatMap((id) => known.get(id) ?? []).map(dimensionOf), [chosen, known]);
  const by = known.get(search.by ?? "") ?? known.get(chosen.at(-1) ?? "");
  const data = choices(axes);
  return (
    <section className={`card ${styles.chart ?? ""}`}>
      <div className={styles.choices}>
        <MultiSelect
          size="xs"
          label="Axes"
          className={styles.axes ?? ""}
          data={data}
          value={[...chosen]}
          onChange={(next) => change({ axes: next.length ? next : undefined }, true)}
          searchable
          hidePickedOptions
          maxValues={24}
        />
        <Select
          size="xs"
          label="Colour by"
          data={data}
          value={by?.id ?? null}
          allowDeselect={false}
          searchable
          onChange={(next) => change({ by: next ?? undefined }, true)}
        />
      </div>
      <Parallel
        label="Parallel coordinates"
        rows={names}
        dimensions={dimensions}
        colorBy={by?.name}
        onNarrow={setKept}
      />
      <p className={styles.note} role="status">
        {kept === null ? (
          "Drag along an axis to narrow the items; a click beside the range lets it go."
        ) : (
          <>
            {count(kept.length)} of {count(items.ids.length)} items lie within.
            <Button
              size="compact-xs"
              variant="default"
              disabled={kept.length === 0 || kept.length === items.ids.length}
              onClick={() => onKeep(kept.flatMap((row) => items.ids[row] ?? []))}
            >
              Keep only these
            </Button>
          </>
        )}
      </p>
    </section>
  );
}

function Points({ items, names, axes, search, change }: Drawn) {
  const numbers = useMemo(() => axes.filter((one) => one.isNumber), [axes]);
  const { ids } = items;
  const { x: wantedX, y: wantedY, base } = search;
  const { x, y, points } = useMemo(() => {
    const across = numbers.find((one) => one.id === wantedX) ?? numbers[0];
    const up =
      numbers.find((one) => one.id === wantedY) ??
      numbers.findLast((one) => one !== across && one.section === "metrics") ??
      numbers.find((one) => one !== across);
    return { x: across, y: up, points: across && up ? pointsOf(across, up, names, ids, base) : [] };
  }, [numbers, names, ids, wantedX, wantedY, base]);
  if (!x || !y) return null;
  const data = choices(numbers);
  return (
    <section className={`card ${styles.chart ?? ""}`}>
      <div className={styles.choices}>
        <Select
          size="xs"
          label="Across"
          data={data}
          value={x.id}
          allowDeselect={false}
          searchable
          onChange={(next) => change({ x: next ?? undefined }, true)}
        />
        <Select
          size="xs"
          label="Up"
          data={data}
          value={y.id}
          allowDeselect={false}
          searchable
          onChange={(next) => change({ y: next ?? undefined }, true)}
        />
      </div>
      <Scatter label="Two of their numbers" points={points} xLabel={x.name} yLabel={y.name} />
    </section>
  );
}

function pointsOf(
  x: Column,
  y: Column,
  names: readonly string[],
  ids: readonly string[],
  base: string | undefined,
): readonly Point[] {
  return names.flatMap((name, row) => {
    const [across, up] = [numberOf(x.values[row]), numberOf(y.values[row])];
    if (across === null || up === null || !Number.isFinite(across) || !Number.isFinite(up)) return [];
    return [{ name, x: across, y: up, marked: ids[row] === base }];
  });
}

function choices(columns: readonly Column[]) {
  const sections = [...new Set(columns.map((one) => one.section))];
  return sections.map((group) => ({
    group,
    items: columns
      .filter((one) => one.section === group)
      .map(({ id, name }) => ({ value: id, label: short(name, 60) })),
  }));
}
