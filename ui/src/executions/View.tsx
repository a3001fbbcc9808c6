import { Empty } from "../shell/faces";

/** Executions. */
export function ExecutionsView() {
  return <Empty title="Executions" />;
}
