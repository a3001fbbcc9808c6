import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";

import { useNamespace } from "../shell/place";
import { Hit } from "./Hit";
import { ExplorerFindDocument } from "./queries.generated";

/** Finds the node to begin with. */
export function Pick() {
  const navigate = useNavigate();
  const ns = useNamespace();
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 120);
  const [{ data, error, fetching }] = useQuery({
    query: ExplorerFindDocument,
    variables: { text: asked, namespace: ns ?? null },
    pause: asked === "",
  });
  const hits = asked && text ? (data?.search.hits ?? []) : [];
  return (
    <Combobox
      store={box}
      onOptionSubmit={(id) => {
        box.closeDropdown();
        void navigate({ to: "/explorer", search: { focus: id } });
      }}
    >
      <Combobox.Target>
        <TextInput
          size="md"
          w="100%"
          maw={640}
          leftSection={<IconSearch size={18} aria-hidden />}
          placeholder="A name, an id, an address, a digest"
          aria-label="Find a node to begin with"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            box.openDropdown();
          }}
          onFocus={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={text.trim() === ""}>
        <Combobox.Options mah={360} style={{ overflowY: "auto" }} aria-label="Found">
          {hits.map(({ node, matched }) => (
            <Combobox.Option key={node.id} value={node.id}>
              <Hit node={node} matched={matched} />
            </Combobox.Option>
          ))}
          {hits.length === 0 && (
            <Combobox.Empty>
              {error
                ? "The server could not be asked."
                : fetching || asked !== text.trim()
                  ? "Searching"
                  : "Nothing is called that."}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
