import { IconChevronRight } from "@tabler/icons-react";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";

import { useStore } from "../api/store";
import styles from "./Crumbs.module.css";
import { title } from "./crumbs";
import { pages } from "./pages";

/** Where the page stands: its group's page, then its own name. */
export function Crumbs() {
  const path = useLocation({ select: (location) => location.pathname });
  const name = useStore(title);
  const [, first = "", ...rest] = path.split("/");
  const page = pages.find((one) => one.to === `/${first}`);
  const last = rest.length ? name || decodeURIComponent(rest.join("/")) : name;
  useEffect(() => {
    document.title = [last, page?.label, "Clew"].filter(Boolean).join(" · ").slice(0, 200);
  }, [last, page]);
  return (
    <nav className={styles.crumbs} aria-label="Breadcrumbs">
      {page && (last ? <Link to={page.to}>{page.label}</Link> : <span aria-current="page">{page.label}</span>)}
      {page && last && (
        <>
          <IconChevronRight size={14} aria-hidden />
          <span className="cut" aria-current="page" title={last.slice(0, 500)} dir="auto">
            {last.slice(0, 200)}
          </span>
        </>
      )}
    </nav>
  );
}
