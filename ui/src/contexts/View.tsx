import { Empty } from "../shell/faces";

/** Contexts. */
export function ContextsView() {
  return <Empty title="Contexts" />;
}
