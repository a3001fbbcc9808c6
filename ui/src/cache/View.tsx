import { Button } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import { useQuery } from "urql";

import { useCalm } from "../api/calm";
import { DataTable, type Sort, usePages } from "../kit/DataTable";
import { short } from "../kit/format";
import { Empty, ErrorFace, Partial } from "../shell/faces";
import { useAddress, useNamespace, useReaddress } from "../shell/place";
import { entriesOf } from "./ask";
import { Actions, Bar, Since } from "./Bar";
import styles from "./cache.module.css";
import { COLUMNS, type Entry, SHOWN } from "./columns";
import { Explained } from "./Explained";
import { Invalidate, type Target } from "./Invalidate";
import { Components, Numbers } from "./Numbers";
import { WHOLE } from "./onePage";
import { CacheNumbersDocument } from "./queries.generated";
import { type CacheSearch, cacheSearch, ORDERS, spanMs } from "./search";

const MOST_COMPONENTS = 200;
/** The numbers are counted over all executions. */
const PACE_MS = 5000;
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
  const [{ data, error }, ask] = useQuery({
    query: CacheNumbersDocument,
    variables: { namespace, sinceMs, first: MOST_COMPONENTS },
  });
  const again = () => ask({ requestPolicy: "network-only" });
  useCalm(again, PACE_MS);
  const [did, setDid] = useState(0);
  const listing = useMemo(
    () => entriesOf({ component: component ?? null, namespace, live, by, did }),
    [component, namespace, live, by, did],
  );
  const changed = () => {
    setDid(did + 1);
    again();
  };
  const paged = usePages(listing);
  const onOpen = useCallback((row: Entry) => change({ of: row.execution.id }), [change]);
  const sort = useMemo<Sort>(() => ({ by, down: by !== "AGE" }), [by]);
  const stats = data?.cache.stats;
  const wobbly = stats?.components.filter((one) => one.nondeterministic) ?? [];
  if (error && !stats) return <ErrorFace error={error} retry={again} />;
  const all = stats ? stats.entries + stats.invalidated + stats.dropped : null;
  const narrowed = component !== undefined || live;
  return (
    <div className={styles.view}>
      <h1 className="unseen">Cache</h1>
      <Numbers stats={stats ?? null} />
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
        {stats && (stats.components.length > 0 || since) && (
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
            total={narrowed || by !== "NEWEST" ? null : all}
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
                onDone={changed}
              />
            }
            ask={listing}
            bar={
              <>
                {by !== "NEWEST" && all !== null && all > WHOLE && <span className="dim">the first in this order</span>}
                <Bar search={search} change={change} onInvalidate={(name) => setTarget({ component: name })} />
              </>
            }
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
            changed();
          }}
        />
      )}
    </div>
  );
}
