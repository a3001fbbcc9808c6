import { Button, Menu, Tabs } from "@mantine/core";
import {
  IconArrowsDiff,
  IconDots,
  IconExternalLink,
  IconFocus2,
  IconHighlight,
  IconRoute,
  IconTrash,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useQuery } from "urql";

import { short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { kindOf, nodePath } from "../kit/node";
import { StateBadge } from "../kit/State";
import { ErrorFace, Loading } from "../shell/faces";
import { typeWord } from "./card";
import { Events, History, Properties, Summary, Ways } from "./Facts";
import { calledName } from "./graph";
import styles from "./panel.module.css";
import { ExplorerNodeDocument } from "./queries.generated";
import type { Acts, View } from "./useActs";
import { asOf, type Explorer } from "./useExplorer";

const TABS = [
  ["summary", "Summary"],
  ["flow", "In and out"],
  ["properties", "Properties"],
  ["events", "Events"],
  ["history", "History"],
] as const;

/** One node: what it is, what it read and wrote, what it bears, what happened to it. */
export function NodePanel({
  id,
  explorer,
  view,
  acts,
}: {
  readonly id: string;
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
}) {
  const { search, set } = explorer;
  const [{ data, error }, again] = useQuery({ query: ExplorerNodeDocument, variables: { id, asOf: asOf(search.at) } });
  const node = data?.node;
  const drawn = view.scene.nodes.find((one) => one.id === id);
  const name = node ? calledName({ ...node, called: node.customProperties }) : (drawn?.name ?? id);
  const type = node?.type ?? drawn?.type ?? "";
  const tab = TABS.some(([value]) => value === search.tab) ? search.tab : "summary";
  return (
    <>
      <header className={styles.head}>
        <KindIcon kind={kindOf(id)} size={20} />
        <div className={styles.title}>
          <h2 className="cut" dir="auto" title={short(name, 500)}>
            {short(name, 200)}
          </h2>
          <span className={styles.under}>
            <span className="cut dim" title={short(type, 500)}>
              {typeWord(short(type, 80))}
            </span>
            {(node?.state ?? drawn?.state) && <StateBadge state={node?.state ?? drawn?.state ?? ""} />}
          </span>
        </div>
      </header>
      <div className={styles.acts}>
        <Button
          component={Link}
          to={nodePath(id)}
          size="compact-xs"
          variant="default"
          leftSection={<IconExternalLink size={13} />}
        >
          Open
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconFocus2 size={13} />}
          onClick={() => acts.startFrom(id)}
        >
          Start here
        </Button>
        <Button
          size="compact-xs"
          variant={search.lock ? "light" : "default"}
          aria-pressed={search.lock === 1}
          leftSection={<IconHighlight size={13} />}
          onClick={() => set({ lock: search.lock ? undefined : 1 })}
        >
          Light
        </Button>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <Button size="compact-xs" variant="default" aria-label="More">
              <IconDots size={13} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconRoute size={14} />} onClick={() => acts.pick("path")}>
              Path to another (p)
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowsDiff size={14} />} onClick={() => acts.pick("diff")}>
              Compare with another (d)
            </Menu.Item>
            <Menu.Item leftSection={<IconFocus2 size={14} />} onClick={() => acts.focusOn(id)}>
              See from here, keep the rest (f)
            </Menu.Item>
            {id !== explorer.focus && (
              <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => acts.remove(id)}>
                Take away from the drawing
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
      {error && !data ? (
        <ErrorFace error={error} retry={() => again()} />
      ) : !node ? (
        <Loading />
      ) : (
        <Tabs
          className={styles.tabs}
          value={tab ?? "summary"}
          onChange={(value) => set({ tab: value === "summary" ? undefined : (value ?? undefined) }, true)}
          keepMounted={false}
        >
          <Tabs.List>
            {TABS.map(([value, label]) => (
              <Tabs.Tab key={value} value={value}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="summary">
            <Summary node={node} />
          </Tabs.Panel>
          <Tabs.Panel value="flow">
            {drawn && <Ways node={drawn} view={view} acts={acts} />}
            <Events node={node} acts={acts} brief />
          </Tabs.Panel>
          <Tabs.Panel value="properties">
            <Properties node={node} />
          </Tabs.Panel>
          <Tabs.Panel value="events">
            <Events node={node} acts={acts} />
          </Tabs.Panel>
          <Tabs.Panel value="history">
            <History node={node} />
          </Tabs.Panel>
        </Tabs>
      )}
    </>
  );
}
