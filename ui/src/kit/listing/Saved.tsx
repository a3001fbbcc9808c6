import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { type SubmitEvent, useState } from "react";

import { short } from "../format";
import styles from "./listing.module.css";
import { filterPart, forgetFilter, saveFilter, savedFilters } from "./saved";
import type { ListSearch } from "./search";

/** Filters with names, kept by this browser. */
export function Saved({
  list,
  search,
  onTake,
}: {
  readonly list: string;
  readonly search: ListSearch;
  readonly onTake: (search: ListSearch) => void;
}) {
  const [opened, setOpened] = useState(false);
  const [saved, setSaved] = useState(() => savedFilters(list));
  const [name, setName] = useState("");
  const now = filterPart(search);
  const anything = Object.keys(now).length > 0;
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    setSaved(saveFilter(list, { name: name.trim().slice(0, 80), search: now }));
    setName("");
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={280} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          fw={400}
          leftSection={<IconBookmark size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          Saved
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved filters">
        {saved.length === 0 && <p className={styles.none}>No filter is saved in this browser.</p>}
        <ul className={styles.saved}>
          {saved.map((one) => (
            <li key={one.name}>
              <Button
                variant="subtle"
                size="compact-sm"
                justify="flex-start"
                fullWidth
                title={one.name}
                onClick={() => {
                  onTake(one.search);
                  setOpened(false);
                }}
              >
                {short(one.name, 40)}
              </Button>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Forget ${short(one.name)}`}
                onClick={() => setSaved(forgetFilter(list, one.name))}
              >
                <IconTrash size={14} aria-hidden />
              </ActionIcon>
            </li>
          ))}
        </ul>
        {anything && (
          <form className={styles.save} onSubmit={save}>
            <TextInput
              size="xs"
              aria-label="Name of the filter"
              placeholder="Save this filter as"
              value={name}
              maxLength={80}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" size="xs" disabled={!name.trim()}>
              Save
            </Button>
          </form>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
