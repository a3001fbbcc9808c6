import { Tabs } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { NodeKind, State } from "../../api/schema.generated";
import { useTitle } from "../../shell/crumbs";
import { CopyId } from "../CopyId";
import { short } from "../format";
import { KindIcon } from "../Kind";
import { StateBadge } from "../State";
import styles from "./detail.module.css";
import { type DetailSearch, detailSearch } from "./search";

/** One tab: what it is called, how much it holds, and what it shows; drawn when it is open. */
export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly count?: string;
  readonly show: () => ReactNode;
}

/** The page of a node or a type: its head, what can be done with it, and tabs, of which the address tells the open one. */
export function Detail({
  kind,
  id,
  name,
  type,
  state,
  actions,
  tabs,
}: {
  readonly kind: NodeKind;
  readonly id: string;
  readonly name: string;
  readonly type: { readonly id: string; readonly name: string } | null;
  readonly state: State | null;
  readonly actions: ReactNode;
  /** The first is open where the address names none. */
  readonly tabs: readonly Tab[];
}) {
  useTitle(short(name, 200));
  const navigate = useNavigate();
  const raw: unknown = useSearch({ strict: false });
  const asked = detailSearch(raw as Record<string, unknown>).tab;
  const open = tabs.find((tab) => tab.id === asked) ?? tabs[0];
  return (
    <article className={styles.detail} aria-label={short(name, 200)}>
      <header className={styles.head}>
        <KindIcon kind={kind} size={22} />
        <div className={styles.names}>
          <h1 className={styles.name} dir="auto" title={short(name, 1000)}>
            {short(name, 300)}
          </h1>
          <div className={styles.under}>
            {type && (
              <Link
                to="/types/$id"
                params={{ id: type.id.replace("type:", "") }}
                className="cut"
                title={short(type.name, 500)}
              >
                {short(type.name, 120)}
              </Link>
            )}
            <span className="mono dim">{id}</span>
            <CopyId text={id} what="the id" />
            {state && <StateBadge state={state} />}
          </div>
        </div>
        <div className={styles.actions}>{actions}</div>
      </header>
      <Tabs
        value={open?.id ?? null}
        keepMounted={false}
        onChange={(tab) => {
          const first = tab === tabs[0]?.id;
          void navigate({
            to: ".",
            replace: true,
            search: (now: DetailSearch) => ({ ...now, tab: first ? undefined : (tab ?? undefined) }),
          });
        }}
      >
        <Tabs.List className={styles.tabs} aria-label="Parts of the page">
          {tabs.map((tab) => (
            <Tabs.Tab key={tab.id} value={tab.id} ref={tab === open ? intoView : null}>
              {tab.label}
              {tab.count !== undefined && <span className="dim"> {tab.count}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((tab) => (
          <Tabs.Panel key={tab.id} value={tab.id} className={styles.panel}>
            {tab === open && tab.show()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </article>
  );
}

/** The open tab is seen, where not all are. */
function intoView(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** A part of a page: a heading and what stands under it. */
export function Part({
  title,
  aside,
  wide = false,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  /** Over the whole width. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <section className={`card ${styles.part ?? ""}`} data-wide={wide || undefined} aria-label={title}>
      <div className={styles.partHead}>
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
