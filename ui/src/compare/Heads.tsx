import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import {
  IconArrowDown, IconArrowUp, IconDots, IconPin, IconPinnedFilled, IconTrendingDown, IconTrendingUp, IconX,
} from "@tabler/icons-react"; // prettier-ignore

import { short } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import styles from "./compare.module.css";
import type { Column } from "./columns";

/** What heads of columns do. */
export interface ColumnActs {
  readonly onSort: (id: string, down: boolean) => void;
  readonly onBetter: (id: string, better: "low" | "high") => void;
}

/** The head of a column: a press orders the items by it; its menu says what is good. */
export function ColumnHead({
  column,
  sort,
  acts,
  section,
}: {
  readonly column: Column;
  readonly sort: { readonly id: string; readonly down: boolean } | null;
  readonly acts: ColumnActs;
  /** Its section, where that is to be told. */
  readonly section: string | null;
}) {
  const sorted = sort?.id === column.id ? sort : null;
  const Arrow = sorted?.down ? IconArrowDown : IconArrowUp;
  return (
    <>
      {section !== null && <span className={styles.section}>{section}</span>}
      <span className={styles.columnName}>
        <button
          type="button"
          className={styles.sort}
          title={short(column.name, 500)}
          onClick={() => acts.onSort(column.id, sorted ? !sorted.down : column.better !== "low")}
        >
          <span className="cut" dir="auto">
            {short(column.name, 120)}
          </span>
          {sorted && <Arrow size={13} aria-hidden />}
        </button>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={24} aria-label={`About ${short(column.name, 80)}`}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconArrowUp size={14} />} onClick={() => acts.onSort(column.id, false)}>
              Smallest first
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowDown size={14} />} onClick={() => acts.onSort(column.id, true)}>
              Largest first
            </Menu.Item>
            {column.isNumber && (
              <>
                <Menu.Divider />
                <Menu.Item
                  leftSection={<IconTrendingUp size={14} />}
                  disabled={column.better === "high"}
                  onClick={() => acts.onBetter(column.id, "high")}
                >
                  Higher is better
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconTrendingDown size={14} />}
                  disabled={column.better === "low"}
                  onClick={() => acts.onBetter(column.id, "low")}
                >
                  Lower is better
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </span>
    </>
  );
}

/** The head of an item: its name, whether it is the base, and taking it away. */
export function ItemHead({
  id,
  name,
  isBase,
  onBase,
  onRemove,
}: {
  readonly id: string;
  readonly name: string | null;
  readonly isBase: boolean;
  readonly onBase: (id: string | undefined) => void;
  readonly onRemove: (id: string) => void;
}) {
  const called = short(name ?? id, 80);
  const base = isBase ? `${called} is the base: let it go` : `Measure the others against ${called}`;
  return (
    <span className={styles.item}>
      <NodeLink node={{ id, name }} />
      {name !== null && <span className={`mono dim ${styles.id ?? ""}`}>{id.slice(id.indexOf(":") + 1)}</span>}
      <span className={styles.itemActs}>
        <Tooltip label={isBase ? "The base; let it go" : "Make it the base"}>
          <ActionIcon
            variant="subtle"
            color={isBase ? "thread" : "gray"}
            size={24}
            aria-label={base}
            aria-pressed={isBase}
            onClick={() => onBase(isBase ? undefined : id)}
          >
            {isBase ? <IconPinnedFilled size={14} /> : <IconPin size={14} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Take away">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            aria-label={`Take ${called} away`}
            onClick={() => onRemove(id)}
          >
            <IconX size={14} />
          </ActionIcon>
        </Tooltip>
      </span>
    </span>
  );
}
