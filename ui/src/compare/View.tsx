import { Button, Menu, Switch, Tabs } from "@mantine/core";
import { IconArrowsExchange, IconDownload } from "@tabler/icons-react";
import { lazy, Suspense, useMemo } from "react";

import { count } from "../kit/format";
import { kindOf } from "../kit/node";
import { download } from "../kit/table/exporting";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import { useAddress, useNamespace, useReaddress } from "../shell/place";
import { Add } from "./Add";
import { columnsOf, unfolded } from "./columns";
import styles from "./compare.module.css";
import { fileOf } from "./exported";
import { type CompareSearch, compareSearch, idsOf, MOST, printed, TABS } from "./search";
import { Start } from "./Start";
import { TableTab } from "./TableTab";
import { useTable } from "./useTable";

// The table comes first; what draws is loaded when its tab is opened.
const ChartsTab = lazy(() => import("./ChartsTab").then(({ ChartsTab }) => ({ default: ChartsTab })));
const CurvesTab = lazy(() => import("./CurvesTab").then(({ CurvesTab }) => ({ default: CurvesTab })));
const PairTab = lazy(() => import("./PairTab").then(({ PairTab }) => ({ default: PairTab })));

const FEW = 8;
const WORDS = {
  ARTIFACT: ["artifact", "artifacts"],
  EXECUTION: ["execution", "executions"],
  CONTEXT: ["run", "runs"],
} as const;

/** Compare: runs, artifacts or executions side by side. */
export function CompareView() {
  const search = useAddress(compareSearch);
  const change = useReaddress<CompareSearch>();
  const namespace = useNamespace();
  const ids = useMemo(() => idsOf(search.of), [search.of]);
  const kinds = [...new Set(ids.map(kindOf))];
  const put = (next: readonly string[]) => change({ of: next.length ? printed(next) : undefined });
  if (ids.length === 0) return <Start namespace={namespace} onCompare={put} />;
  const [kind, ...others] = kinds;
  if (kind === undefined || others.length > 0) {
    return (
      <Empty
        title="Only items of one kind can be compared"
        action={kinds.map((one) => (
          <Button key={one} size="xs" variant="default" onClick={() => put(ids.filter((id) => kindOf(id) === one))}>
            Only the {WORDS[one][1]}
          </Button>
        ))}
      />
    );
  }
  return <Comparison ids={ids} kind={kind} search={search} change={change} put={put} namespace={namespace} />;
}

function Comparison({
  ids,
  kind,
  search,
  change,
  put,
  namespace,
}: {
  readonly ids: readonly string[];
  readonly kind: keyof typeof WORDS;
  readonly search: CompareSearch;
  readonly change: ReturnType<typeof useReaddress<CompareSearch>>;
  readonly put: (ids: readonly string[]) => void;
  readonly namespace: string | undefined;
}) {
  const { all = false, base, sort, low, high } = search;
  const { table, error, waiting, again } = useTable(ids, all);
  const columns = useMemo(
    () => columnsOf(unfolded(table?.columns ?? [], all), new Set(low), new Set(high)),
    [table, all, low, high],
  );
  const have = useMemo(() => new Set(ids), [ids]);
  const tabs = TABS.filter((tab) => tab !== "pair" || ids.length === 2);
  const tab = tabs.find((one) => one === search.tab) ?? "table";
  const turn = search.turn ?? (ids.length <= FEW ? "columns" : "rows");
  const items = useMemo(() => ({ ids: table?.rows ?? [], names: table?.names ?? [] }), [table]);
  const missing = table && !waiting ? ids.filter((id) => !table.rows.includes(id)) : [];
  const save = (format: "csv" | "json") =>
    download(fileOf(format, items.ids, items.names, columns), `comparison.${format}`);
  return (
    <div className={styles.view}>
      <h1 className="unseen">Compare</h1>
      <div className={styles.bar}>
        <strong>
          {count(ids.length)} {WORDS[kind][ids.length === 1 ? 0 : 1]}
        </strong>
        {ids.length < MOST && <Add kind={kind} namespace={namespace} have={have} onAdd={(id) => put([...ids, id])} />}
        <span className={styles.space} />
        <Switch
          size="xs"
          label="Only differences"
          checked={!all}
          onChange={(event) => change({ all: event.currentTarget.checked ? undefined : true }, true)}
        />
        {tab === "table" && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowsExchange size={14} aria-hidden />}
            onClick={() => change({ turn: turn === "rows" ? "columns" : "rows" }, true)}
          >
            Turn
          </Button>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} aria-hidden />}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => save("csv")}>CSV, these columns</Menu.Item>
            <Menu.Item onClick={() => save("json")}>JSON, these columns</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {table && (missing.length > 0 || table.partial) && (
        <div className={styles.partial}>
          <Partial>
            {missing.length > 0
              ? `Not in the record: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " and others" : ""}.`
              : "There is too much to be told whole: some executions or columns are left out."}
          </Partial>
        </div>
      )}
      <Tabs
        className={styles.tabs ?? ""}
        value={tab}
        onChange={(next) => change({ tab: next === "table" ? undefined : TABS.find((one) => one === next) }, true)}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="table">
            Table{table && !all && table.hidden > 0 && <span className="dim"> {count(table.hidden)} hidden</span>}
          </Tabs.Tab>
          {ids.length === 2 && <Tabs.Tab value="pair">Differences</Tabs.Tab>}
          <Tabs.Tab value="charts">Charts</Tabs.Tab>
          <Tabs.Tab value="curves">Curves</Tabs.Tab>
        </Tabs.List>
        {error && !table ? (
          <ErrorFace error={error} retry={again} />
        ) : !table ? (
          <Loading lines={10} />
        ) : (
          <Suspense fallback={<Loading lines={10} />}>
            <Tabs.Panel value="table" className={styles.tab ?? ""} data-waiting={waiting || undefined}>
              <TableTab
                items={items}
                columns={columns}
                base={base}
                sort={sort}
                turn={turn}
                acts={{
                  onSort: (id, down) => change({ sort: `${down ? "-" : ""}${id}` }, true),
                  onBetter: (id, better) => change(betterOf(id, better, low, high), true),
                }}
                onBase={(next) => change({ base: next }, true)}
                onRemove={(id) => put(ids.filter((one) => one !== id))}
              />
            </Tabs.Panel>
            <Tabs.Panel value="charts" className={styles.scroll ?? ""}>
              <ChartsTab items={items} columns={columns} search={search} change={change} onKeep={put} />
            </Tabs.Panel>
            <Tabs.Panel value="curves" className={styles.scroll ?? ""}>
              <CurvesTab items={items} />
            </Tabs.Panel>
            <Tabs.Panel value="pair" className={styles.scroll ?? ""}>
              <PairTab items={items} kind={kind} all={all} />
            </Tabs.Panel>
          </Suspense>
        )}
      </Tabs>
    </div>
  );
}

function betterOf(
  id: string,
  better: "low" | "high",
  low: readonly string[] = [],
  high: readonly string[] = [],
): { readonly low: readonly string[] | undefined; readonly high: readonly string[] | undefined } {
  const without = (list: readonly string[]) => list.filter((one) => one !== id);
  const [lows, highs] = [without(low), without(high)];
  const some = (list: readonly string[]) => (list.length ? list : undefined);
  return better === "low" ? { low: [...lows, id], high: some(highs) } : { low: some(lows), high: [...highs, id] };
}
