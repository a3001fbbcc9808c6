import { Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";

import { lookOf } from "../kit/State";
import styles from "./runs.module.css";
import type { RunSearch } from "./search";
import type { Change } from "./usePlace";
import { type Branch, walk } from "./tree";

/** Narrows the tasks of a run to words and a state. */
export function TaskFilter({
  tree,
  shown,
  search,
  change,
}: {
  readonly tree: readonly Branch[];
  readonly shown: number;
  readonly search: RunSearch;
  readonly change: Change<RunSearch>;
}) {
  const states = new Set([...walk(tree)].map(({ branch }) => branch.state));
  if (search.state) states.add(search.state);
  return (
    <div className={styles.filter}>
      <TextInput
        size="xs"
        w={240}
        leftSection={<IconSearch size={13} />}
        placeholder="A part of a path"
        aria-label="Narrow to paths with"
        value={search.q ?? ""}
        onChange={(event) => change({ q: event.currentTarget.value || undefined }, true)}
      />
      <Select
        size="xs"
        w={150}
        aria-label="Narrow to a state"
        placeholder="Any state"
        clearable
        clearButtonProps={{ "aria-label": "Any state" }}
        data={[...states].map((state) => ({ value: state, label: lookOf(state)[2] }))}
        value={search.state ?? null}
        onChange={(state) => change({ state: state ?? undefined })}
      />
      <span className="dim" role="status">
        {shown} {shown === 1 ? "task" : "tasks"}
      </span>
    </div>
  );
}
