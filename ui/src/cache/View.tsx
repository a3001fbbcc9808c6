import { Button } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";

import { useLiveQuery } from "../api/live";
import { DataTable, type Sort, usePages } from "../kit/DataTable";
import { short } from "../kit/format";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import { useAddress, useNamespace, useReaddress } from "../shell/place";
import { entriesOf } from "./ask";
import { Actions, Bar, Since } from "./Bar";
import styles from "./cache.module.css";
import { COLUMNS, type Entry, SHOWN } from "./columns";
import { Explained } from "./Explained";
import { Invalidate, type Target } from "./Invalidate";
import { Components, Numbers } from "./Numbers";
import { CacheNumbersDocument } from "./queries.generated";
import { type CacheSearch, cacheSearch, ORDERS, spanMs } from "./search";

const MOST_COMPONENTS = 200;
const rowId = (row: Entry) => row.execution.id;

/** Cache: what may be reused, what that saved, why something was or was not reused, and taking results out. */
export function CacheView() {
  const search = useAddress(cacheSearch);
  const change = useReaddress<CacheSearch>();
  const namespace = useNamespace() ?? null;
  const { component, live = false, by = "NEWEST", since, of } = search;
  const [shown, setShown] = useState<readonly string[]>(SHOWN);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [target, setTarget] = useState<Target | null>(null);
  const [now] = useState(() => Date.now());
  const sinceMs = since ? now - spanMs(since) : null;
  const [{ data, error }, ask] = useLiveQuery({
    query: CacheNumbersDocument,
    variables: { namespace, sinceMs, first: MOST_COMPONENTS },
  });
  const listing = useMemo(
    () => entriesOf({ component: component ?? null, namespace, live, by }),
    [component, namespace, live, by],
  );
  const paged = usePages(listing);
  const onOpen = useCallback((row: Entry) => change({ of: row.execution.id }), [change]);
  const sort = useMemo<Sort>(() => ({ by, down: by !== "AGE" }), [by]);
  if (error && !data) return <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading lines={10} />;
  const { stats } = data.cache;
  const wobbly = stats.components.filter((one) => one.nondeterministic);
  const narrowed = component !== undefined || live;
  return (
    <div className={styles.view}>
      <h1 className="unseen">Cache</h1>
      <Numbers stats={stats} />
      {wobbly.length > 0 && (
        <div className={styles.warning}>
          <Partial>
            The audit saw {wobbly.length === 1 ? "a component" : `${wobbly.length} components`} give other bytes for the
            same inputs: {short(wobbly.map((one) => one.name).join(", "), 200)}. What was reused of it may not be what a
            run would make.
          </Partial>
        </div>
      )}
      <div className={styles.body}>
        {(stats.components.length > 0 || since) && (
          <Components
            stats={stats}
            chosen={component}
            onChoose={(next) => {
              choose(new Set());
              change({ component: next }, true);
            }}
          >
            <Since since={since} onSince={(next) => change({ since: next }, true)} />
          </Components>
        )}
        <div className={styles.entries}>
          <DataTable
            name="cache"
            label="Entries"
            paged={paged}
            columns={COLUMNS}
            shown={shown}
            onShown={(next) => setShown(next ?? SHOWN)}
            rowId={rowId}
            total={null}
            sort={sort}
            onSort={({ by: next }) => {
              const order = ORDERS.find((one) => one === next) ?? "NEWEST";
              change({ by: order === "NEWEST" ? undefined : order }, true);
            }}
            downFirst={ORDERS}
            onOpen={onOpen}
            chosen={chosen}
            onChoose={choose}
            actions={
              <Actions
                chosen={[...chosen]}
                namespace={namespace ?? "default"}
                onInvalidate={() => setTarget({ executions: [...chosen] })}
              />
            }
            ask={listing}
            bar={<Bar search={search} change={change} onInvalidate={(name) => setTarget({ component: name })} />}
            empty={
              narrowed ? (
                <Empty
                  title="No entry matches"
                  action={<Button onClick={() => change({ component: undefined, live: undefined })}>Show all</Button>}
                />
              ) : (
                <Empty title="Nothing can be reused yet">
                  What a step of a pipeline makes, or a function under <code>@clew.step</code>, is kept here, and reused
                  when the same is asked again.
                </Empty>
              )
            }
          />
        </div>
        {of && <Explained key={of} id={of} onClose={() => change({ of: undefined })} onInvalidate={setTarget} />}
      </div>
      {target && (
        <Invalidate
          target={target}
          namespace={namespace ?? undefined}
          onClose={() => {
            setTarget(null);
            choose(new Set());
          }}
        />
      )}
    </div>
  );
}
