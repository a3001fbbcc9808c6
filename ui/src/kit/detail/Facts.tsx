import type { ReactNode } from "react";

import { Address } from "../Address";
import { CopyId } from "../CopyId";
import { moment, short } from "../format";
import { Time } from "../Time";
import styles from "./detail.module.css";

/** What a node says of itself, one fact a line. */
export function Facts({
  children,
  label,
  even = false,
}: {
  readonly children: ReactNode;
  readonly label: string;
  /** As much room for what a fact is called as for the fact. */
  readonly even?: boolean;
}) {
  return (
    <dl className={styles.facts} aria-label={label} data-even={even || undefined}>
      {children}
    </dl>
  );
}

/** One fact; nothing where there is none. */
export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === null || children === undefined || children === "" || children === false) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A moment: how long ago, and when. */
export function When({ name, ms }: { readonly name: string; readonly ms: number | null }) {
  return (
    <Fact name={name}>
      {ms !== null && (
        <>
          <Time ms={ms} /> <span className="dim">{moment(ms)}</span>
        </>
      )}
    </Fact>
  );
}

/** A text that is copied more often than read: a digest, an address. */
export function Exact({
  name,
  text,
  address = false,
}: {
  readonly name: string;
  readonly text: string | null;
  readonly address?: boolean;
}) {
  return (
    <Fact name={name}>
      {text !== null && (
        <>
          {address ? (
            <Address uri={text} />
          ) : (
            <span className="mono cut" title={short(text, 1000)}>
              {short(text, 300)}
            </span>
          )}
          <CopyId text={text} what={name.toLowerCase()} />
        </>
      )}
    </Fact>
  );
}
