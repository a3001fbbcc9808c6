import { Select } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";

import { useNamespace } from "./place";
import { KnownNamespacesDocument } from "./queries.generated";
import styles from "./Namespace.module.css";
import type { Shared } from "./search";

/** Narrows every page to one namespace; the address keeps it. */
export function Namespace() {
  const ns = useNamespace();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const [{ data }] = useQuery({ query: KnownNamespacesDocument, pause: !asked });
  const known = data?.server.namespaces ?? [];
  return (
    <Select
      className={styles.select}
      aria-label="Namespace"
      placeholder="All namespaces"
      size="xs"
      clearable
      searchable
      data={ns && !known.includes(ns) ? [ns, ...known] : [...known]}
      value={ns ?? null}
      onFocus={() => setAsked(true)}
      onChange={(value) => {
        void navigate({ to: ".", search: (now: Shared) => ({ ...now, ns: value ?? undefined }) });
      }}
      nothingFoundMessage="No such namespace"
    />
  );
}
