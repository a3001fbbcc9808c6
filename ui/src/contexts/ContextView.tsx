import { Empty } from "../shell/faces";

/** Context. */
export function ContextView() {
  return <Empty title="Context" />;
}
