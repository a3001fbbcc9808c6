import { IconArrowNarrowDown, IconTrophy } from "@tabler/icons-react";

import { duration, figure, moment, short } from "../kit/format";
import { StateBadge } from "../kit/State";
import styles from "./compare.module.css";
import { type Column, distance, lineOf, standing } from "./columns";

/** One value of a column: how it stands among the others, and how far it is from that of the base. */
export function Cell({
  column,
  value,
  base,
}: {
  readonly column: Column;
  readonly value: unknown;
  /** The value of the base; undefined where there is none, or this is it. */
  readonly base: unknown;
}) {
  if (value === null || value === undefined) return <span className="dim">–</span>;
  if (column.section === "states" || (column.section === "attributes" && column.name === "state")) {
    return <StateBadge state={lineOf(value)} />;
  }
  const place = standing(column, value);
  const far = base === undefined ? null : distance(value, base);
  const other = base !== undefined && far === null && lineOf(base) !== lineOf(value);
  return (
    <span className={styles.value} data-end={column.isNumber || undefined} data-standing={place ?? undefined}>
      {place === "best" && <IconTrophy size={13} aria-hidden />}
      {place === "worst" && <IconArrowNarrowDown size={13} aria-hidden />}
      <span className="cut" dir="auto" title={short(lineOf(value), 1000)} data-other={other || undefined}>
        {shown(column, value)}
      </span>
      {far !== null && (
        <span className="dim" title="Against the base">
          {far > 0 ? "+" : "−"}
          {isMoment(column, value) ? duration(Math.abs(far)) : figure(Math.abs(far))}
        </span>
      )}
      {place && <small>{place}</small>}
    </span>
  );
}

/** A value as it is read. */
export function shown(column: Column, value: unknown): string {
  if (typeof value !== "number") return short(lineOf(value), 200);
  return isMoment(column, value) ? moment(value) : figure(value);
}

/** Whether a number is a moment: UTC epoch milliseconds. */
function isMoment(column: Column, value: unknown): value is number {
  return typeof value === "number" && value > 1e11 && column.name.endsWith("_ms");
}
