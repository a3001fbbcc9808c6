import type { Told } from "../api/errors";
import { short } from "../kit/format";
import styles from "./runs.module.css";

/** Why the server would not: its own words, within a form. */
export function Refusal({ of }: { readonly of: Told }) {
  return (
    <div className={styles.failure} role="alert" ref={show}>
      <strong className="wrap">{short(of.message, 600)}</strong>
      {of.remedy && <div className="wrap">{short(of.remedy, 600)}</div>}
    </div>
  );
}

function show(box: HTMLDivElement | null): void {
  box?.scrollIntoView({ block: "nearest" });
}
