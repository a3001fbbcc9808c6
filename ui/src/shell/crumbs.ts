import { useEffect } from "react";

import { store } from "../api/store";

/** What the page shown is called, where its address does not tell. */
export const title = store("");

/** Call the page shown by this name: the last breadcrumb, and the tab's title. */
export function useTitle(name: string | null | undefined): void {
  useEffect(() => {
    title.set(name ?? "");
    return () => title.set("");
  }, [name]);
}
