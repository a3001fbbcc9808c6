import { Button, MultiSelect } from "@mantine/core";
import { DateField } from "./DateField";
import { short } from "../kit/format";
import { lookOf } from "../kit/State";
import { typeWord } from "./card";
import styles from "./explorer.module.css";
import type { View } from "./useActs";
import type { Explorer } from "./useExplorer";

/** What is drawn of what is shown. Hidden nodes leave dashed lines. */
export function FilterBar({ explorer, view }: { readonly explorer: Explorer; readonly view: View }) {
  const { search, set } = explorer;
  const nodes = [...view.scene.nodes, ...view.scene.hidden];
  const choices = (values: readonly (readonly [value: string, label: string])[], chosen: readonly string[] = []) => {
    const tally = new Map<string, { label: string; many: number }>(chosen.map((one) => [one, { label: one, many: 0 }]));
    for (const [value, label] of values) tally.set(value, { label, many: (tally.get(value)?.many ?? 0) + 1 });
    return [...tally]
      .sort((a, b) => b[1].many - a[1].many)
      .slice(0, 200)
      .map(([value, { label, many }]) => ({ value, label: `${short(label, 60)} (${many})` }));
  };
  const pick = (
    label: string,
    name: "kinds" | "types" | "states" | "ctx",
    data: { readonly value: string; readonly label: string }[],
  ) => (
    <MultiSelect
      size="xs"
      className={styles.filter}
      aria-label={label}
      placeholder={search[name]?.length ? "" : label}
      data={data}
      value={[...(search[name] ?? [])]}
      onChange={(values) => set({ [name]: values.length ? values : undefined })}
      searchable
      styles={{ inputField: { minWidth: 24 } }}
      clearable
      nothingFoundMessage="None here"
      comboboxProps={{ width: 300, position: "bottom-start" }}
    />
  );
  return (
    <div className={styles.filters} role="group" aria-label="Filters">
      {pick("Kind", "kinds", choices(nodes.map(({ kind }) => [kind, kind === "ARTIFACT" ? "Artifact" : "Execution"] as const), search.kinds))}
      {pick("Type", "types", choices(nodes.map(({ type }) => [type, typeWord(type)] as const), search.types))}
      {pick("State", "states", choices(nodes.map(({ state }) => [state ?? "UNKNOWN", lookOf(state ?? "UNKNOWN")[2]] as const), search.states))}
      {pick("Context", "ctx", choices(nodes.flatMap(({ contexts }) => contexts.map(({ id, name, type }) => [id, `${name ?? id} · ${typeWord(type)}`] as const)), search.ctx))}
      <DateField label="Created from" value={search.from} onChange={(from) => set({ from })} />
      <DateField label="Created before" value={search.until} onChange={(until) => set({ until })} />
      <Button size="xs" variant="subtle" onClick={() => set({ kinds: undefined, types: undefined, states: undefined, ctx: undefined, from: undefined, until: undefined })}>
        Clear
      </Button>
    </div>
  ); // prettier-ignore
}
