import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** Changes to what the address says; undefined takes out. */
export type Change<S> = (to: { readonly [key in keyof S]?: S[key] | undefined }, replace?: boolean) => void;

/** What the address of this page says (read by its `validateSearch`), and how to change that. */
export function usePlace<S extends object>(): readonly [S, Change<S>] {
  const search: unknown = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback<Change<S>>(
    (to, replace = false) => {
      void navigate({ to: ".", search: (was: object) => ({ ...was, ...to }), replace });
    },
    [navigate],
  );
  return [search as S, change];
}

/** The id in the address. */
export function useId(): string {
  const params: unknown = useParams({ strict: false });
  return (params as { readonly id?: string }).id ?? "";
}
