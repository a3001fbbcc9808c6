import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

import type { Shared } from "./search";

/**
 * Inside Kubeflow's central dashboard, take the namespace it tells.
 *
 * Source: kubeflow/kubeflow components/centraldashboard, public/library.js: the framed page says
 * `{type: "iframe-connected"}`, the dashboard answers `{type: "namespace-selected", value}` or `{type: "all-namespaces"}`.
 */
export function useEmbedding(embedded: boolean): void {
  const navigate = useNavigate();
  useEffect(() => {
    if (!embedded || window.parent === window) return undefined;
    const heard = (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent) return;
      const namespace = namespaceOf(event.data);
      if (namespace !== null) {
        void navigate({ to: ".", search: (now: Shared) => ({ ...now, ns: namespace || undefined }), replace: true });
      }
    };
    window.addEventListener("message", heard);
    window.parent.postMessage({ type: "iframe-connected" }, "*"); // tells nothing but that we are here
    return () => window.removeEventListener("message", heard);
  }, [embedded, navigate]);
}

/** The namespace a message of the dashboard selects; "" for all of them, null where it selects none. */
export function namespaceOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null) return null;
  const { type, value } = message as { type?: unknown; value?: unknown };
  if (type === "namespace-selected" && typeof value === "string") return value;
  if (type === "all-namespaces") return "";
  return null;
}
