import { Button, Code } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { lazy, type ReactElement, Suspense, useCallback, useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection, DataTable, usePages } from "../kit/DataTable";
import { FilterBox } from "../kit/FilterBox";
import { Empty } from "../shell/faces";
import { type Key, useKeys } from "../shell/keys";
import { useNamespace } from "../shell/place";
import { COLUMNS, type RunRow, rowId, SHOWN } from "./columns";
import { filterOf, isNarrowed } from "./filter";
import list from "./list.module.css";
import { RunsDocument, RunsTotalDocument } from "./queries.generated";
import { RunFilters } from "./RunFilters";
import type { RunsSearch } from "./search";
import { SelectedRuns } from "./SelectedRuns";
import { usePlace } from "./usePlace";
import { runName } from "./words";

const NewRun = lazy(() => import("./NewRun").then(({ NewRun }) => ({ default: NewRun })));

const CLEAR: RunsSearch = Object.fromEntries(
  ["q", "state", "pipeline", "experiment", "schedule", "label", "archived", "sel"].map((key) => [key, undefined]),
);

/** The runs of pipelines, newest first, live. */
export function RunsView(): ReactElement {
  const [search, change] = usePlace<RunsSearch>();
  const namespace = useNamespace();
  const navigate = useNavigate();
  const [making, make] = useDisclosure(false);
  const key = JSON.stringify({ where: search.q ?? null, filter: filterOf(search, namespace) });
  const variables = useMemo(
    () => JSON.parse(key) as { where: string | null; filter: ReturnType<typeof filterOf> },
    [key],
  );
  const ask = useMemo(() => askConnection(RunsDocument, variables, (data) => data.runs), [variables]);
  const [{ data }] = useLiveQuery({ query: RunsTotalDocument, variables });
  const paged = usePages(ask);
  const open = useCallback((run: RunRow) => void navigate({ to: "/runs/$id", params: { id: run.id } }), [navigate]);
  const chosen = useMemo(() => new Set((search.sel ?? []).map((number) => `context:${number}`)), [search.sel]);
  const choose = useCallback(
    (next: ReadonlySet<string>) => {
      const numbers = [...next].map((id) => id.slice(id.indexOf(":") + 1));
      change({ sel: numbers.length ? numbers : undefined }, true);
    },
    [change],
  );
  const narrow = useCallback((to: RunsSearch) => change({ ...to, sel: undefined }), [change]);
  useKeys(
    "Runs",
    useMemo<readonly Key[]>(() => [{ key: "n", what: "New run", act: make.open }], [make.open]),
  );
  return (
    <div className={list.view}>
      <h1 className="unseen">Runs</h1>
      <div className={list.top}>
        <FilterBox kind="CONTEXT" value={search.q ?? ""} onApply={(q) => narrow({ q: q || undefined })} />
        <RunFilters search={search} onChange={narrow} />
      </div>
      <DataTable
        name="runs"
        label="Runs"
        paged={paged}
        columns={COLUMNS}
        shown={search.cols ?? SHOWN}
        onShown={(cols) => change({ cols: cols ?? undefined })}
        rowId={rowId}
        rowName={runName}
        total={data?.runs.totalCount ?? null}
        onOpen={open}
        bar={
          <Button size="compact-sm" leftSection={<IconPlus size={14} />} onClick={make.open}>
            New run
          </Button>
        }
        chosen={chosen}
        onChoose={choose}
        actions={<SelectedRuns chosen={chosen} archived={search.archived === 1} onDone={() => choose(new Set())} />}
        ask={ask}
        empty={
          isNarrowed(search) ? (
            <Empty
              title="No run matches"
              action={
                <Button size="xs" variant="default" onClick={() => change(CLEAR)}>
                  Show all runs
                </Button>
              }
            />
          ) : (
            <Empty
              title="No run yet"
              action={
                <Button size="xs" onClick={make.open}>
                  Start one
                </Button>
              }
            >
              Run a compiled pipeline here, or with <Code>clew run pipeline.yaml</Code>.
            </Empty>
          )
        }
      />
      {making && (
        <Suspense>
          <NewRun onClose={make.close} />
        </Suspense>
      )}
    </div>
  );
}
