import { Button, Checkbox, Select, TagsInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useQuery } from "urql";

import { lookOf } from "../kit/State";
import { RUN_STATES } from "./filter";
import list from "./list.module.css";
import { labelsOf } from "./parameters";
import { RunChoicesDocument } from "./queries.generated";
import type { RunsSearch } from "./search";

/** What runs are narrowed by: state, pipeline, experiment, labels, the archive. */
export function RunFilters({
  search,
  onChange,
}: {
  readonly search: RunsSearch;
  readonly onChange: (to: RunsSearch) => void;
}) {
  const [wanted, want] = useState(false);
  const [{ data }] = useQuery({ query: RunChoicesDocument, pause: !wanted });
  const names = (nodes: readonly { readonly name: string | null }[] | undefined, chosen: string | undefined) => [
    ...new Set([...(chosen ? [chosen] : []), ...(nodes ?? []).flatMap(({ name }) => name ?? [])]),
  ];
  const put = (key: keyof RunsSearch, value: unknown) => onChange({ [key]: value ?? undefined });
  return (
    <div className={list.chips} onFocus={() => want(true)}>
      <Select
        size="xs"
        w={130}
        aria-label="State"
        placeholder="Any state"
        clearable
        data={RUN_STATES.map((state) => ({ value: state, label: lookOf(state)[2] }))}
        value={search.state ?? null}
        onChange={(state) => put("state", state)}
      />
      <Select
        size="xs"
        w={160}
        aria-label="Pipeline"
        placeholder="Any pipeline"
        searchable
        clearable
        limit={100}
        data={names(data?.pipelines.nodes, search.pipeline)}
        value={search.pipeline ?? null}
        onChange={(pipeline) => put("pipeline", pipeline)}
        nothingFoundMessage="No such pipeline"
      />
      <Select
        size="xs"
        w={160}
        aria-label="Experiment"
        placeholder="Any experiment"
        searchable
        clearable
        limit={100}
        data={names(data?.experiments.nodes, search.experiment)}
        value={search.experiment ?? null}
        onChange={(experiment) => put("experiment", experiment)}
        nothingFoundMessage="No such experiment"
      />
      <TagsInput
        size="xs"
        miw={150}
        maw={320}
        aria-label="Labels, as key=value"
        placeholder={search.label?.length ? "" : "key=value"}
        value={[...(search.label ?? [])]}
        onChange={(labels) => {
          const good = labels.filter((label) => labelsOf(label)?.length === 1);
          put("label", good.length ? good : undefined);
        }}
      />
      {search.schedule && (
        <Button
          size="xs"
          variant="default"
          fw={400}
          rightSection={<IconX size={13} aria-hidden />}
          onClick={() => put("schedule", null)}
        >
          Of schedule {search.schedule.slice(0, 8)}
        </Button>
      )}
      <Checkbox
        size="xs"
        label="Archived"
        checked={search.archived === 1}
        onChange={(event) => put("archived", event.currentTarget.checked ? 1 : null)}
      />
    </div>
  );
}
