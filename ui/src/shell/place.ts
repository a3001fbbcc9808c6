import { useLocation } from "@tanstack/react-router";

import { shared } from "./search";

/** The namespace that every page is narrowed to; undefined for all. */
export function useNamespace(): string | undefined {
  return useLocation({ select: (at) => shared(at.search as Record<string, unknown>).ns });
}

/** Whether Clew is framed by another page. */
export function useEmbedded(): boolean {
  return useLocation({ select: (at) => shared(at.search as Record<string, unknown>).embed === 1 });
}
