import { Link, useLocation } from "@tanstack/react-router";

import { link } from "../api/client";
import { seq } from "../api/live";
import { useStore } from "../api/store";
import styles from "./Nav.module.css";
import { type Page, pages } from "./pages";

/** The pages, by group, and at the foot how the record stands. */
export function Nav({ onGo }: { readonly onGo?: () => void }) {
  const groups = Map.groupBy(pages, (page) => page.group);
  return (
    <nav className={styles.nav} aria-label="Pages">
      <Link to="/" className={styles.brand} onClick={onGo}>
        <img src={new URL("./clew.svg", import.meta.url).href} alt="" width={24} height={24} />
        Clew
      </Link>
      {[...groups].map(([group, within]) => (
        <div key={group} className={styles.group}>
          {group && <div className={styles.heading}>{group}</div>}
          {within.map((page) => (
            <Item key={page.to} page={page} {...(onGo ? { onGo } : {})} />
          ))}
        </div>
      ))}
      <Pulse />
    </nav>
  );
}

function Item({ page, onGo }: { readonly page: Page; readonly onGo?: () => void }) {
  const path = useLocation({ select: (location) => location.pathname });
  const here = page.to === "/" ? path === "/" : path === page.to || path.startsWith(`${page.to}/`);
  const inside = (
    <>
      <page.icon size={17} stroke={1.7} aria-hidden />
      {page.label}
    </>
  );
  const props = { className: styles.item, "aria-current": here ? ("page" as const) : undefined };
  if (page.outside)
    return (
      <a href={page.to} {...props}>
        {inside}
      </a>
    );
  return (
    <Link to={page.to} onClick={onGo} {...props}>
      {inside}
    </Link>
  );
}

/** Whether news arrives, and up to which change. */
function Pulse() {
  const state = useStore(link);
  const at = useStore(seq);
  const words = state === "open" ? "Live" : state === "lost" ? "Reconnecting" : "Connecting";
  return (
    <div className={styles.pulse} data-state={state}>
      <span className={styles.dot} aria-hidden />
      {words}
      {at > 0 && (
        <span className={styles.seq} title="The newest change of the record">
          change {at.toLocaleString("en")}
        </span>
      )}
    </div>
  );
}
