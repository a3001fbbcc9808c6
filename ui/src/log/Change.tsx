import { ActionIcon, Button, CopyButton, SegmentedControl, Tooltip } from "@mantine/core";
import { IconCheck, IconChevronDown, IconChevronUp, IconCopy, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useQuery } from "urql";

import { count, moment, short } from "../kit/format";
import { Time } from "../kit/Time";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { bodyOf, namesIn } from "./effects";
import styles from "./log.module.css";
import { LogChangeDocument, type LogChangeQuery, LogStoredDocument } from "./queries.generated";
import { Sentence } from "./Sentence";

type Told = LogChangeQuery["changes"]["nodes"][number];

const STEP = 100;
const MOST_STORED = 200_000;

/** One change, whole: what it did in words, what is stored of it, and the digest over that. */
export function Change({
  seq,
  onClose,
  onMove,
}: {
  readonly seq: number;
  readonly onClose: () => void;
  readonly onMove: (by: number) => void;
}) {
  const [first, setFirst] = useState(STEP);
  const [{ data, error }, ask] = useQuery({
    query: LogChangeDocument,
    variables: { after: String(seq - 1), first },
    requestPolicy: "cache-first",
  });
  const found = data?.changes.nodes[0];
  const change = found?.seq === seq ? found : undefined;
  return (
    <aside className={styles.panel} aria-label={`Change ${seq}`}>
      <header className={styles.panelHead}>
        <h2>Change {seq}</h2>
        <Tooltip label="Next newer change (k)">
          <ActionIcon variant="subtle" color="gray" aria-label="Next newer change" onClick={() => onMove(-1)}>
            <IconChevronUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Next older change (j)">
          <ActionIcon variant="subtle" color="gray" aria-label="Next older change" onClick={() => onMove(1)}>
            <IconChevronDown size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Close (Escape)">
          <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      {error ? (
        <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />
      ) : change ? (
        <Whole change={change} onMore={() => setFirst(first * 5)} />
      ) : data ? (
        <Empty title={`There is no change ${seq}`}>The log has not come that far.</Empty>
      ) : (
        <Loading />
      )}
    </aside>
  );
}

function Whole({ change, onMore }: { readonly change: Told; readonly onMore: () => void }) {
  const [face, setFace] = useState("words");
  const names = namesIn(change.effects);
  const left = change.effectCount - change.effects.length;
  return (
    <div className={styles.panelBody} tabIndex={0} role="region" aria-label="What it did">
      <dl className={styles.facts}>
        <Fact name="When">
          <Time ms={change.timeMs} /> <span className="dim">{moment(change.timeMs)}</span>
        </Fact>
        <Fact name="Actor">
          <span className="wrap" dir="auto">
            {short(change.actor, 500) || "not told"}
          </span>
        </Fact>
        <Fact name="Namespace">
          <span className="wrap" dir="auto">
            {short(change.namespace, 500)}
          </span>
        </Fact>
        <Fact name="Digest">
          <span className="mono wrap">{change.digest}</span> <Copy value={change.digest} what="digest" />
        </Fact>
      </dl>
      <SegmentedControl
        size="xs"
        value={face}
        onChange={setFace}
        data={[
          { value: "words", label: `Effects ${count(change.effectCount)}` },
          { value: "stored", label: "As stored" },
        ]}
        aria-label="How to show it"
      />
      {face === "words" ? (
        <>
          <ol className={styles.effects}>
            {change.effects.map((effect, at) => (
              <li key={at}>
                <Sentence effect={effect} seq={change.seq} wrap names={names} />
                <Recorded body={effect.body} />
              </li>
            ))}
          </ol>
          {left > 0 && (
            <Button size="xs" variant="default" onClick={onMore}>
              Show more: {count(left)} are left
            </Button>
          )}
        </>
      ) : (
        <Stored seq={change.seq} />
      )}
    </div>
  );
}

function Recorded({ body }: { readonly body: unknown }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As recorded</summary>
      {open && <pre className={styles.stored}>{short(JSON.stringify(bodyOf(body), null, 2), MOST_STORED)}</pre>}
    </details>
  );
}

function Stored({ seq }: { readonly seq: number }) {
  const [{ data, error }] = useQuery({
    query: LogStoredDocument,
    variables: { after: String(seq - 1) },
    requestPolicy: "cache-first",
  });
  const log = data?.changes.nodes[0]?.log;
  if (error) return <ErrorFace error={error} />;
  if (log === undefined) return <Loading />;
  return (
    <>
      <p className={styles.note}>
        The digest is SHA-256 over [seq, timeMs, actor, namespace] as JSON, then these {count(new Blob([log]).size)}{" "}
        bytes. <Copy value={log} what="stored bytes" />
      </p>
      <pre className={styles.stored}>{short(log, MOST_STORED)}</pre>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Copy({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : `Copy the ${what}`}>
          <ActionIcon size={22} variant="subtle" color="gray" aria-label={`Copy the ${what}`} onClick={copy}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
