import { Skeleton } from "@mantine/core";
import { IconCircleX, IconClockBolt, IconPlayerPlay, IconRecycle, type Icon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { bytes, count, duration } from "../kit/format";
import styles from "./home.module.css";
import type { HomeWorkQuery } from "./queries.generated";
import type { Ended } from "./span";

/** Four figures of the window: what ran, what was reused, what that saved, what failed. */
export function Tiles({
  ended,
  cache,
  words,
}: {
  readonly ended: Ended | null;
  readonly cache: HomeWorkQuery["cache"]["stats"] | null;
  readonly words: string;
}) {
  const total = cache?.total;
  const rate =
    total && total.hits + total.ran > 0
      ? `${Math.round(total.hitRate * 100)}% of what could be`
      : "nothing could be yet";
  return (
    <section className={styles.tiles} aria-label={`Figures of the ${words}`}>
      <Tile
        icon={IconPlayerPlay}
        tone="good"
        name="Executions that ran"
        value={ended && count(ended.ran)}
        to="/executions"
      >
        {ended?.running ? `${count(ended.running)} under way` : words}
      </Tile>
      <Tile icon={IconRecycle} tone="reused" name="Reused" value={ended && count(ended.reused)} to="/cache">
        {total ? rate : ""}
      </Tile>
      <Tile
        icon={IconClockBolt}
        tone="reused"
        name="Time saved"
        value={total ? duration(total.savedMs) : null}
        to="/cache"
      >
        {total ? `${bytes(total.savedBytes)} not made again` : ""}
      </Tile>
      <Tile
        icon={IconCircleX}
        tone={ended?.failed ? "bad" : "idle"}
        name="Failed"
        value={ended && count(ended.failed)}
        to="/executions"
      >
        {words}
      </Tile>
    </section>
  );
}

function Tile({
  icon: TileIcon,
  tone,
  name,
  value,
  to,
  children,
}: {
  readonly icon: Icon;
  readonly tone: string;
  readonly name: string;
  readonly value: string | null;
  readonly to: string;
  readonly children: ReactNode;
}) {
  return (
    <Link to={to} className={`card ${styles.tile ?? ""}`}>
      <span className={styles.tileName}>
        <TileIcon size={16} data-tone={tone} aria-hidden />
        {name}
      </span>
      {value === null ? <Skeleton height={28} width={80} /> : <span className={styles.value}>{value}</span>}
      <span className="dim">{children}</span>
    </Link>
  );
}
