import { Combobox, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useQuery } from "urql";

import type { NodeKind } from "../api/schema.generated";
import { short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { Time } from "../kit/Time";
import styles from "./compare.module.css";
import { CompareFindDocument } from "./queries.generated";

const WORDS = { ARTIFACT: "an artifact", EXECUTION: "an execution", CONTEXT: "a run" } as const;

/** Finds one more item by what one remembers of it. */
export function Add({
  kind,
  namespace,
  have,
  onAdd,
}: {
  /** Only of this kind, where there are items already. */
  readonly kind: NodeKind | undefined;
  readonly namespace: string | undefined;
  readonly have: ReadonlySet<string>;
  readonly onAdd: (id: string) => void;
}) {
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 200);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [{ data, fetching }] = useQuery({
    query: CompareFindDocument,
    variables: { text: asked, kinds: kind ? [kind] : null, namespace: namespace ?? null },
    pause: asked === "",
  });
  const hits = asked ? (data?.search.hits ?? []).filter(({ node }) => !have.has(node.id)) : [];
  const label = kind ? `Add ${WORDS[kind]}` : "Add a run, an artifact or an execution";
  return (
    <Combobox
      store={box}
      onOptionSubmit={(id) => {
        onAdd(id);
        setText("");
        box.closeDropdown();
      }}
      position="bottom-start"
      width={420}
    >
      <Combobox.Target>
        <TextInput
          size="xs"
          className={styles.add ?? ""}
          aria-label={label}
          placeholder={label}
          leftSection={<IconPlus size={14} aria-hidden />}
          rightSection={fetching && asked ? <Loader size={12} /> : null}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            box.openDropdown();
            box.updateSelectedOptionIndex();
          }}
          onFocus={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={asked === ""}>
        <Combobox.Options mah={320} className={styles.hits ?? ""}>
          {hits.map(({ node }) => (
            <Combobox.Option key={node.id} value={node.id}>
              <span className={styles.hit}>
                <KindIcon kind={node.kind} />
                <span className="cut" dir="auto" title={short(node.label, 500)}>
                  {short(node.label)}
                </span>
                <span className="dim cut">{short(node.type, 60)}</span>
                {node.state && <StateBadge state={node.state} bare />}
                <span className={`dim ${styles.when ?? ""}`}>
                  <Time ms={node.createdMs} />
                </span>
              </span>
            </Combobox.Option>
          ))}
          {hits.length === 0 && (
            <Combobox.Empty>
              {fetching ? "Looking" : data?.search.partial ? "Nothing found in time" : "Nothing found"}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
