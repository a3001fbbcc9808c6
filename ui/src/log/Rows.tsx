import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from "react";

import { useStore } from "../api/store";
import { count, short } from "../kit/format";
import { Time } from "../kit/Time";
import { looks } from "../theme/looks";
import styles from "./log.module.css";
import type { LogRowFragment } from "./queries.generated";
import { Sentence } from "./Sentence";
import type { Log } from "./useLog";
import { scrollTo, windowOf } from "./window";

const COMFORTABLE = 36;
const COMPACT = 28;
const NARROW = 58;

/** The rows: those in view are drawn, however many there are. */
export function Rows({
  log,
  open,
  onOpen,
}: {
  readonly log: Log;
  readonly open: number | undefined;
  readonly onOpen: (seq: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(600);
  const [scroll, setScroll] = useState(0);
  const narrow = useMediaQuery("(max-width: 760px)");
  const dense = useStore(looks).density === "compact";
  const height = narrow ? NARROW : dense ? COMPACT : COMFORTABLE;
  const rows = log.known.length;
  const at = windowOf(rows, height, view, scroll);
  const { see } = log;
  useEffect(() => see(at.from, at.to), [see, at.from, at.to]);
  useLayoutEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const watcher = new ResizeObserver(() => setView(place.clientHeight));
    watcher.observe(place);
    return () => watcher.disconnect();
  }, []);
  const index = open === undefined ? -1 : log.indexOf(open);
  const reveal = useEffectEvent(() => {
    if (index < 0 || !box.current) return;
    box.current.scrollTop = scrollTo(rows, height, box.current.clientHeight, box.current.scrollTop, index);
  });
  useEffect(() => reveal(), [open, index >= 0]); // eslint-disable-line react-hooks/exhaustive-deps -- not at each new row
  const stroke = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const row = log.known.row(Math.max(0, index + by));
    if (row) onOpen(row.seq);
  };
  return (
    <div
      ref={box}
      className={styles.rows}
      role="table"
      aria-label="Changes"
      aria-rowcount={log.known.whole ? rows : -1}
      tabIndex={0}
      onKeyDown={stroke}
      onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
    >
      <div role="rowgroup" style={{ height: at.height, position: "relative" }}>
        {Array.from({ length: at.to - at.from }, (_, place) => {
          const row = log.known.row(at.from + place);
          const style = { height, top: at.top + place * height };
          return (
            <div
              key={at.from + place}
              role="row"
              aria-rowindex={at.from + place + 1}
              className={styles.row}
              style={style}
              onClick={(event) => {
                if (row && !(event.target instanceof Element && event.target.closest("a"))) onOpen(row.seq);
              }}
              data-open={(row && row.seq === open) || undefined}
            >
              {row ? <Cells row={row} /> : <Bones />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Cells({ row }: { readonly row: LogRowFragment }) {
  const [first] = row.effects;
  const others = row.effectCount - row.effects.length;
  return (
    <>
      <span role="cell" className={styles.seq}>
        <Link to="." search={(now: object) => ({ ...now, seq: row.seq })} aria-label={`Change ${row.seq}`}>
          {row.seq}
        </Link>
      </span>
      <span role="cell" className={`dim cut ${styles.time ?? ""}`}>
        <Time ms={row.timeMs} />
      </span>
      <span role="cell" className={`cut ${styles.actor ?? ""}`} title={short(row.actor, 500)} dir="auto">
        {short(row.actor, 80) || "–"}
      </span>
      <span role="cell" className={styles.what}>
        {first && <Sentence effect={first} seq={row.seq} />}
        {others > 0 && <span className={`dim ${styles.others ?? ""}`}>and {count(others)} more</span>}
      </span>
      <span role="cell" className={`dim cut ${styles.space2 ?? ""}`} title={short(row.namespace, 500)} dir="auto">
        {short(row.namespace, 60)}
      </span>
    </>
  );
}

function Bones() {
  return (
    <span role="cell" aria-label="Loading" className={styles.bone}>
      <i />
    </span>
  );
}
