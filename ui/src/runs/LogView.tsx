import { ActionIcon, Checkbox, TextInput, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDownload, IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";

import { count } from "../kit/format";
import { ErrorFace } from "../shell/faces";
import { marked, matches, shownLine } from "./log";
import styles from "./log.module.css";
import { useLog } from "./useLog";

const LINE = 18;

/** What a task prints, as it prints it: followed, searched, wrapped, saved. */
export function LogView({ run, task }: { readonly run: string; readonly task: string }) {
  const { log, over, error, whole } = useLog(run, task);
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [text, setText] = useState("");
  const [hit, setHit] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const { lines, dropped } = log;
  const hits = useMemo(() => matches(lines, text), [lines, text]);
  const at = hits[Math.min(hit, hits.length - 1)];
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 30,
  });
  useEffect(() => {
    if (follow && !text && lines.length) rows.scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, text, lines.length, rows]);
  useEffect(() => {
    if (at !== undefined) rows.scrollToIndex(at, { align: "center" });
  }, [at, rows]);
  useEffect(() => rows.measure(), [wrap, rows]);
  const go = (by: number) =>
    setHit((now) => (hits.length ? (Math.min(now, hits.length - 1) + by + hits.length) % hits.length : 0));
  if (error && lines.length === 0) return <ErrorFace error={error} />;
  return (
    <div className={styles.log}>
      <div className={styles.tools}>
        <TextInput
          size="xs"
          className={styles.search ?? ""}
          leftSection={<IconSearch size={13} />}
          placeholder="Find in the log"
          aria-label="Find in the log"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setHit(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
            if (event.key === "Escape") setText("");
          }}
        />
        {text && (
          <>
            <span className="dim" role="status">
              {hits.length ? `${count(Math.min(hit, hits.length - 1) + 1)} of ${count(hits.length)}` : "none"}
            </span>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Match before"
              disabled={!hits.length}
              onClick={() => go(-1)}
            >
              <IconArrowUp size={14} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Next match"
              disabled={!hits.length}
              onClick={() => go(1)}
            >
              <IconArrowDown size={14} />
            </ActionIcon>
          </>
        )}
        <span className={styles.push} />
        <Checkbox size="xs" label="Wrap" checked={wrap} onChange={(event) => setWrap(event.currentTarget.checked)} />
        <Checkbox
          size="xs"
          label="Follow"
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        <Tooltip label="Save the whole log">
          <ActionIcon
            variant="default"
            size="sm"
            aria-label="Save the whole log"
            onClick={() => void save(whole, task)}
          >
            <IconDownload size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      {dropped > 0 && (
        <div className={styles.note}>{count(dropped)} earlier lines are not shown; the saved log has them.</div>
      )}
      {error && <div className={styles.note}>The server cannot be asked for more; it is tried again.</div>}
      <div
        ref={box}
        className={styles.lines}
        data-wrap={wrap || undefined}
        role="log"
        aria-label={`Log of ${task.slice(0, 200)}`}
        aria-live="off"
        tabIndex={0}
        onWheel={(event) => {
          if (event.deltaY < 0) setFollow(false);
        }}
      >
        <div style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = shownLine(lines[row.index] ?? "");
            return (
              <div
                key={row.key}
                data-index={row.index}
                ref={rows.measureElement}
                className={styles.line}
                data-at={row.index === at || undefined}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <span className={styles.number} aria-hidden>
                  {row.index + 1 + dropped}
                </span>
                <span>
                  {text
                    ? marked(line, text).map(([piece, is], i) => (is ? <mark key={i}>{piece}</mark> : piece))
                    : line}
                </span>
              </div>
            );
          })}
        </div>
        {lines.length === 0 && <div className={styles.nothing}>{over ? "It printed nothing." : "Nothing yet."}</div>}
      </div>
      <div className={styles.state} role="status">
        {count(lines.length + dropped)} {lines.length + dropped === 1 ? "line" : "lines"}
        {over ? "" : " so far"}
      </div>
    </div>
  );
}

async function save(whole: () => Promise<string>, task: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([await whole()], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${task.replace(/[^\w.-]+/g, "_").slice(0, 100)}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
