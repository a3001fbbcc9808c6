import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import { shared } from "./search";

type Raw = Record<string, unknown>;

/** What the address says after `?`, read by the view's own `search.ts`. */
export function useAddress<Search extends object>(read: (raw: Raw) => Search): Search {
  const raw = useLocation({ select: (at) => at.search as Raw });
  return useMemo(() => read(raw), [read, raw]);
}

/** Changes what the address says after `?`; undefined takes a part out. `replace` leaves no step to go back to. */
export function useReaddress<Search extends object>(): (
  change: Partial<Undefinable<Search>>,
  replace?: boolean,
) => void {
  const navigate = useNavigate();
  return useCallback(
    (change, replace = false) => {
      void navigate({ to: ".", search: (now: Raw) => ({ ...now, ...change }), replace });
    },
    [navigate],
  );
}

type Undefinable<Search> = { [Key in keyof Search]: Search[Key] | undefined };

/** The namespace that every page is narrowed to; undefined for all. */
export function useNamespace(): string | undefined {
  return useLocation({ select: (at) => shared(at.search as Raw).ns });
}

/** Whether Clew is framed by another page. */
export function useEmbedded(): boolean {
  return useLocation({ select: (at) => shared(at.search as Raw).embed === 1 });
}
