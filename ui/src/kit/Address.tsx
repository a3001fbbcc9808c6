import { short } from "./format";
import styles from "./kit.module.css";

/** An address in one line, of which the end is seen where there is no room: that tells more than where it begins. */
export function Address({ uri }: { readonly uri: string }) {
  const at = uri.lastIndexOf("/", uri.length - 2);
  return (
    <span className={styles.address} title={short(uri, 1000)} dir="ltr">
      <span className="cut">{short(uri.slice(0, at + 1), 300)}</span>
      <span className={styles.last}>{short(uri.slice(at + 1), 200)}</span>
    </span>
  );
}
