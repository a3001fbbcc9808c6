import { ActionIcon, Button, Indicator, Menu, SegmentedControl, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp, IconArrowForwardUp, IconArrowsRight, IconClock, IconDownload, IconFilter, IconFocusCentered, IconLayoutDashboard,
  IconPolaroid, IconStack2, IconStack2Filled, type Icon,
} from "@tabler/icons-react"; // prettier-ignore
import type { Ref } from "react";

import { download, type Form, FORMS } from "./export";
import styles from "./explorer.module.css";
import { Find } from "./Find";
import { filtersSet } from "./hide";
import type { Mode } from "./search";
import type { Acts, View } from "./useActs";
import type { Explorer } from "./useExplorer";

const MODES = [
  { value: "graph", label: "Cards" },
  { value: "whole", label: "Whole" },
  { value: "table", label: "Table" },
];
const HOPS = ["1", "2", "3", "5"] as const;

/** What one does with the drawing as a whole. */
export function Toolbar({
  explorer,
  view,
  acts,
  find,
}: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
  readonly find: Ref<HTMLInputElement>;
}) {
  const { search, set, undo, redo } = explorer;
  const filters = filtersSet(view.filters);
  const down = search.dir === "TB";
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Explorer">
      <Find nodes={view.scene.nodes} onFound={acts.reveal} onAdd={acts.addWithPath} ref={find} />
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default" className={styles.hops} title="How far the drawing begins">
            {search.hops ?? 1} {(search.hops ?? 1) === 1 ? "hop" : "hops"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Begin again, so far around the focus</Menu.Label>
          {HOPS.map((hops) => (
            <Menu.Item
              key={hops}
              onClick={() => set({ hops: hops === "1" ? undefined : Number(hops), shown: undefined })}
            >
              {hops} {hops === "1" ? "hop" : "hops"}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <span className={styles.group}>
        <Act icon={IconArrowBackUp} label="Undo (u)" off={!undo} onClick={() => undo?.()} />
        <Act icon={IconArrowForwardUp} label="Redo (U)" off={!redo} onClick={() => redo?.()} />
      </span>
      <span className={styles.group}>
        <Indicator disabled={!filters} label={filters} size={15} offset={4}>
          <Act
            icon={IconFilter}
            label="Filters"
            on={acts.filtering || filters > 0}
            onClick={() => acts.setFiltering(!acts.filtering)}
          />
        </Indicator>
        <Act icon={IconClock} label="Travel in time" on={acts.timing} onClick={() => acts.setTiming(!acts.timing)} />
        <Act
          icon={search.single ? IconStack2 : IconStack2Filled}
          label={search.single ? "Draw siblings as one" : "Draw siblings one by one"}
          on={!search.single}
          onClick={() => set({ single: search.single ? undefined : 1 })}
        />
      </span>
      <span className={styles.group}>
        <Act icon={IconFocusCentered} label="Bring all into view (0)" onClick={acts.fit} />
        <Act icon={IconLayoutDashboard} label="Arrange again (r)" onClick={acts.tidy} />
        <Act
          icon={IconArrowsRight}
          turned={down}
          label={down ? "Left to right (o)" : "Top to bottom (o)"}
          onClick={() => set({ dir: down ? undefined : "TB" })}
        />
      </span>
      <span className={styles.end}>
        <SegmentedControl
          size="xs"
          aria-label="How the lineage is shown"
          data={MODES}
          value={search.mode ?? "graph"}
          onChange={(mode) => set({ mode: mode === "graph" ? undefined : (mode as Mode) })}
        />
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <Tooltip label="Export">
              <ActionIcon variant="default" size={30} aria-label="Export">
                <IconDownload size={16} />
              </ActionIcon>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            {(Object.entries(FORMS) as [Form, string][]).map(([form, label]) => (
              <Menu.Item
                key={form}
                leftSection={form === "png" ? <IconPolaroid size={14} /> : undefined}
                onClick={() => void download(form, explorer.focus, view)}
              >
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </span>
    </div>
  );
}

function Act({
  icon: Glyph,
  label,
  on = false,
  off = false,
  turned = false,
  onClick,
}: {
  readonly icon: Icon;
  readonly label: string;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly turned?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={on ? "light" : "default"}
        size={30}
        aria-label={label}
        aria-pressed={on || undefined}
        disabled={off}
        onClick={onClick}
      >
        <Glyph size={16} style={turned ? { transform: "rotate(90deg)" } : undefined} />
      </ActionIcon>
    </Tooltip>
  );
}
