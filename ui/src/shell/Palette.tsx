import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useState } from "react";
import { useQuery } from "urql";

import { useStore } from "../api/store";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { nodePath } from "../kit/node";
import { looks, setLooks } from "../theme/looks";
import { pages } from "./pages";
import { useNamespace } from "./place";
import styles from "./Palette.module.css";
import { FindDocument } from "./queries.generated";

/** Finds nodes on the server, and pages and actions here. */
export function Palette({ onClose, onHelp }: { readonly onClose: () => void; readonly onHelp: () => void }) {
  const navigate = useNavigate();
  const ns = useNamespace();
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 120);
  const [{ data, fetching, error }] = useQuery({
    query: FindDocument,
    variables: { text: asked, namespace: ns ?? null },
    pause: asked.length === 0,
  });
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const now = useStore(looks);
  const [more, compact] = [now.contrast === "more", now.density === "compact"];
  const hits = asked ? (data?.search.hits ?? []) : [];
  const go = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      label="Search"
      className={styles.palette}
      overlayClassName={styles.overlay}
      contentClassName={styles.content}
      loop
    >
      <Command.Input
        value={text}
        onValueChange={setText}
        placeholder="A name, an id, an address, a digest, a page"
        className={styles.input}
      />
      <Command.Empty className={styles.empty}>
        {error ? "The server could not be asked." : fetching ? "Searching" : "Nothing is called that."}
      </Command.Empty>
      <Command.List className={styles.list}>
        {hits.length > 0 && (
          <Command.Group heading={data?.search.partial ? "Record (the search was cut short)" : "Record"}>
            {hits.map(({ node, matched }) => (
              <Command.Item
                key={node.id}
                value={`${text} ${node.id}`}
                onSelect={go(() => void navigate({ to: nodePath(node.id) }))}
              >
                <KindIcon kind={node.kind} />
                <span className={`cut ${styles.name ?? ""}`} dir="auto">
                  {node.label.slice(0, 200)}
                </span>
                <span className={`cut dim ${styles.type ?? ""}`}>{node.type}</span>
                {node.state && <StateBadge state={node.state} />}
                <span className={`dim mono ${styles.id ?? ""}`}>
                  {matched === "name" ? node.id : `${node.id} · ${matched}`}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading="Pages">
          {pages.map((page) => (
            <Command.Item
              key={page.to}
              value={page.label}
              onSelect={go(() => {
                if (page.outside) window.location.assign(page.to);
                else void navigate({ to: page.to });
              })}
            >
              <page.icon size={16} aria-hidden />
              <span className={styles.name}>{page.label}</span>
              <span className="dim">g {page.key}</span>
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Actions">
          <Command.Item value="keys keyboard help" onSelect={go(onHelp)}>
            List the keys
          </Command.Item>
          <Command.Item value="dark light theme colours" onSelect={go(() => setColorScheme(dark ? "light" : "dark"))}>
            {dark ? "Light theme" : "Dark theme"}
          </Command.Item>
          <Command.Item
            value="high contrast"
            onSelect={go(() => setLooks({ ...now, contrast: more ? "auto" : "more" }))}
          >
            {more ? "Contrast as the system asks" : "More contrast"}
          </Command.Item>
          <Command.Item
            value="compact comfortable density rows"
            onSelect={go(() => setLooks({ ...now, density: compact ? "comfortable" : "compact" }))}
          >
            {compact ? "Comfortable rows" : "Compact rows"}
          </Command.Item>
          <Command.Item
            value="copy link address"
            onSelect={go(() => void navigator.clipboard.writeText(window.location.href))}
          >
            Copy a link to this screen
          </Command.Item>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
