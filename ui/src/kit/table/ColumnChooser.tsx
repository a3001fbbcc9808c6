import { ActionIcon, Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconColumns } from "@tabler/icons-react";
import { Fragment, useState } from "react";

import { short } from "../format";
import { chosenColumns, type Column } from "./columns";
import styles from "./table.module.css";

const MOST = 200;

/** Which columns a table shows, and in which order: those shown first, then what else there is, by its group. */
export function ColumnChooser<Row>({
  columns,
  shown,
  onShown,
  onOpen,
}: {
  readonly columns: readonly Column<Row>[];
  readonly shown: readonly string[];
  readonly onShown: (shown: readonly string[] | null) => void;
  readonly onOpen?: () => void;
}) {
  const [text, setText] = useState("");
  const chosen = chosenColumns(columns, shown);
  const wanted = (column: Column<Row>) => column.title.toLowerCase().includes(text.trim().toLowerCase());
  const others = columns.filter((column) => !chosen.includes(column) && wanted(column));
  const groups = [...new Set(others.map((column) => column.group ?? "Fields"))];
  const ids = chosen.map((column) => column.id);
  const move = (at: number, by: number) => {
    const next = [...ids];
    const [one] = next.splice(at, 1);
    if (one !== undefined) next.splice(at + by, 0, one);
    onShown(next);
  };
  return (
    <Popover position="bottom-end" width={300} trapFocus onOpen={onOpen ?? (() => undefined)}>
      <Popover.Target>
        <Button variant="default" size="compact-sm" aria-label="Columns">
          <IconColumns size={14} aria-hidden />
          <span className={styles.label}>Columns</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <TextInput
          size="xs"
          placeholder="Find a column"
          aria-label="Find a column"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className={styles.chooser} role="group" aria-label="Columns" tabIndex={-1}>
          <div className={styles.group}>Shown</div>
          {chosen.map(
            (column, at) =>
              wanted(column) && (
                <div key={column.id} className={styles.choice}>
                  <Checkbox
                    size="xs"
                    checked
                    disabled={column.fixed ?? false}
                    label={short(column.title, 60)}
                    onChange={() => onShown(ids.filter((id) => id !== column.id))}
                  />
                  <ActionIcon
                    size="xs"
                    variant="subtle"
                    disabled={at === 0}
                    aria-label={`${short(column.title)} further left`}
                    onClick={() => move(at, -1)}
                  >
                    <IconArrowUp size={12} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    size="xs"
                    variant="subtle"
                    disabled={at === ids.length - 1}
                    aria-label={`${short(column.title)} further right`}
                    onClick={() => move(at, 1)}
                  >
                    <IconArrowDown size={12} aria-hidden />
                  </ActionIcon>
                </div>
              ),
          )}
          {groups.map((group) => (
            <Fragment key={group}>
              <div className={styles.group}>{group}</div>
              {others
                .filter((column) => (column.group ?? "Fields") === group)
                .slice(0, MOST)
                .map((column) => (
                  <div key={column.id} className={styles.choice}>
                    <Checkbox
                      size="xs"
                      checked={false}
                      label={short(column.title, 60)}
                      onChange={() => onShown([...ids, column.id])}
                    />
                  </div>
                ))}
            </Fragment>
          ))}
        </div>
        <Button variant="subtle" size="compact-xs" mt={8} onClick={() => onShown(null)}>
          As they were
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
