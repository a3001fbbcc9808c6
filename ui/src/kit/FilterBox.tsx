import { Button } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";

import type { NodeKind } from "../api/schema.generated";
import { useKeys } from "../shell/keys";
import styles from "./filter/filter.module.css";
import { accept, around } from "./filter/points";
import { type Help, useFilterHelp } from "./filter/useFilterHelp";
import { short } from "./format";

const SHOWN = 40;

/**
 * A filter in the filter language, checked and completed by the server while it is typed. Enter applies it, Shift and
 * Enter begins a line, Tab or Enter takes the suggestion chosen, Ctrl and the space bar ask for suggestions.
 */
export function FilterBox({
  kind,
  value,
  onApply,
}: {
  readonly kind: NodeKind;
  /** The filter in force. */
  readonly value: string;
  readonly onApply: (filter: string) => void;
}) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState({ of: value, text: value });
  const text = draft.of === value ? draft.text : value; // another filter came into force from elsewhere
  const [cursor, setCursor] = useState<number | null>(null); // while suggestions are wanted
  const [choice, setChoice] = useState(-1);
  const id = useId();
  const help = useFilterHelp(text, kind, cursor);
  const offered = cursor !== null && help?.cursor === cursor ? help.answer.suggestions.slice(0, SHOWN) : [];
  const error = text.trim() ? help?.answer.error : null;
  useKeys(
    "Filter",
    useMemo(() => [{ key: "/", what: "Write a filter", act: () => box.current?.focus() }], []),
  );
  useEffect(() => {
    document.getElementById(`${id}${choice}`)?.scrollIntoView({ block: "nearest" });
  }, [id, choice]);

  const write = (next: string, at: number | null) => {
    setDraft({ of: value, text: next });
    setCursor(at);
    setChoice(-1);
  };
  const take = (at: number) => {
    const suggestion = offered[at];
    if (!suggestion) return;
    const taken = accept(text, suggestion);
    flushSync(() => write(taken.text, taken.cursor)); // at once: the next key may come before the next frame
    box.current?.setSelectionRange(taken.cursor, taken.cursor);
  };
  const apply = () => {
    setCursor(null);
    onApply(text.trim());
  };
  const strokes = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const open = offered.length > 0;
    const act = strokeOf(event, open, choice);
    if (!act) return;
    event.preventDefault();
    if (act === "ask") setCursor(event.currentTarget.selectionStart);
    else if (act === "close") setCursor(null);
    else if (act === "next") setChoice((choice + 1) % offered.length);
    else if (act === "before") setChoice((choice <= 0 ? offered.length : choice) - 1);
    else if (act === "take") take(Math.max(0, choice));
    else apply();
  };
  return (
    <div className={styles.filter}>
      <IconFilter size={15} className={styles.icon} aria-hidden />
      <div className={styles.field} data-wrong={!!error || undefined}>
        <Marked text={text} help={help} />
        <textarea
          ref={box}
          className={styles.text}
          rows={1}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          placeholder="Filter: type = 'system.Model' AND state = LIVE"
          aria-label="Filter"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={offered.length ? `${id}list` : undefined}
          aria-activedescendant={choice >= 0 && offered.length ? `${id}${choice}` : undefined}
          aria-invalid={!!error}
          aria-describedby={error ? `${id}error` : undefined}
          value={text}
          onChange={(event) => write(event.currentTarget.value, event.currentTarget.selectionStart)}
          onKeyDown={strokes}
          onBlur={() => setCursor(null)}
        />
        {offered.length > 0 && (
          <ul className={styles.list} role="listbox" id={`${id}list`} aria-label="Suggestions">
            {offered.map((one, at) => (
              <li
                key={`${one.kind} ${one.label}`}
                id={`${id}${at}`}
                role="option"
                aria-selected={at === choice}
                onPointerDown={(event) => {
                  event.preventDefault(); // the text keeps the focus
                  take(at);
                }}
              >
                <span className="cut mono" dir="auto">
                  {short(one.label)}
                </span>
                <span className={`dim cut ${styles.detail ?? ""}`}>{one.detail}</span>
              </li>
            ))}
          </ul>
        )}
        {error && offered.length === 0 && <Wrong id={`${id}error`} error={error} />}
        {error && offered.length > 0 && (
          <span className="unseen" id={`${id}error`}>
            {error.message}
          </span>
        )}
      </div>
      <Button size="xs" variant={text.trim() === value ? "default" : "filled"} onClick={apply}>
        Apply
      </Button>
    </div>
  );
}

/** The same text under the one that is typed, with the mistake underlined. */
function Marked({ text, help }: { readonly text: string; readonly help: Help | null }) {
  const error = help?.answer.error;
  const [before, wrong, after] = error ? around(text, error.position) : [text, "", ""];
  return (
    <div className={styles.mirror} aria-hidden>
      {before}
      {wrong && <mark>{wrong}</mark>}
      {after}
      {"\u200b"}
    </div>
  );
}

function Wrong({ id, error }: { readonly id: string; readonly error: NonNullable<Help["answer"]["error"]> }) {
  return (
    <p className={styles.wrong} id={id} role="alert">
      <span className="wrap">{short(error.message, 400)}</span>{" "}
      <span className="dim wrap">{short(error.remedy, 400)}</span>
    </p>
  );
}

/** What a stroke does in the text; null where the text itself takes it. */
function strokeOf(
  event: KeyboardEvent,
  open: boolean,
  choice: number,
): "ask" | "close" | "next" | "before" | "take" | "apply" | null {
  const mod = event.ctrlKey || event.metaKey;
  if (event.key === " " && mod) return "ask";
  if (event.key === "Escape") return open ? "close" : null;
  if (event.key === "ArrowDown") return open ? "next" : null;
  if (event.key === "ArrowUp") return open && choice >= 0 ? "before" : null;
  if (event.key === "Tab" && !event.shiftKey) return open ? "take" : null;
  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return null;
  return open && choice >= 0 && !mod ? "take" : "apply";
}
