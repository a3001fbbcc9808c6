import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { type Ref, useState } from "react";
import { useQuery } from "urql";

import { useNamespace } from "../shell/place";
import styles from "./find.module.css";
import type { GraphNode } from "./graph";
import { Hit } from "./Hit";
import { ExplorerFindDocument } from "./queries.generated";

const MOST = 8;

/** Searches the drawing first, then the record: what is not loaded is added with a path to the focus. */
export function Find({
  nodes,
  onFound,
  onAdd,
  ref,
}: {
  readonly nodes: readonly GraphNode[];
  readonly onFound: (id: string) => void;
  readonly onAdd: (id: string) => void;
  readonly ref: Ref<HTMLInputElement>;
}) {
  const ns = useNamespace();
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [text, setText] = useState("");
  const wanted = text.trim();
  const [asked] = useDebouncedValue(wanted, 150);
  const [{ data, error, fetching }] = useQuery({
    query: ExplorerFindDocument,
    variables: { text: asked, namespace: ns ?? null },
    pause: asked === "",
  });
  const here = wanted ? found(nodes, wanted) : [];
  const drawn = new Set(nodes.map(({ id }) => id));
  const there = asked && wanted ? (data?.search.hits ?? []).filter(({ node }) => !drawn.has(node.id)) : [];
  const waits = fetching || asked !== wanted;
  return (
    <Combobox
      store={box}
      width={440}
      position="bottom-start"
      onOptionSubmit={(id) => {
        box.closeDropdown();
        setText("");
        if (drawn.has(id)) onFound(id);
        else onAdd(id);
      }}
    >
      <Combobox.Target>
        <TextInput
          ref={ref}
          className={styles.find}
          size="xs"
          leftSection={<IconSearch size={14} aria-hidden />}
          rightSection={<kbd className={styles.key}>/</kbd>}
          placeholder="Find in the graph"
          aria-label="Find in the graph, then in the record"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            box.openDropdown();
            box.updateSelectedOptionIndex();
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
            if (event.key === "Enter" && box.getSelectedOptionIndex() === -1 && here[0]) {
              event.preventDefault();
              box.closeDropdown();
              setText("");
              onFound(here[0].id);
            }
          }}
          onFocus={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={wanted === ""}>
        <Combobox.Options mah={420} style={{ overflowY: "auto" }} aria-label="Found">
          {here.length > 0 && (
            <Combobox.Group label="In this graph">
              {here.slice(0, MOST).map((node) => (
                <Combobox.Option key={node.id} value={node.id}>
                  <Hit node={node} />
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
          {there.length > 0 && (
            <Combobox.Group label="Not loaded: add with path">
              {there.map(({ node, matched }) => (
                <Combobox.Option key={node.id} value={node.id}>
                  <Hit node={node} matched={matched} />
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
          {here.length + there.length === 0 && (
            <Combobox.Empty>
              {error ? "The server could not be asked." : waits ? "Searching" : "Nothing is called that."}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Those whose name, id or type holds the text; the names that begin with it first. */
function found(nodes: readonly GraphNode[], text: string): GraphNode[] {
  const lower = text.toLowerCase();
  const rank = ({ id, name, type }: GraphNode) => {
    const called = name.toLowerCase();
    if (called === lower || id === lower) return 0;
    if (called.startsWith(lower)) return 1;
    if (called.includes(lower)) return 2;
    return id.includes(lower) || type.toLowerCase().includes(lower) ? 3 : 4;
  };
  return nodes
    .map((node) => ({ node, at: rank(node) }))
    .filter(({ at }) => at < 4)
    .sort((a, b) => a.at - b.at || a.node.order - b.node.order)
    .map(({ node }) => node);
}
