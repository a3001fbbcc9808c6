import { Empty } from "../shell/faces";

/** Execution. */
export function ExecutionView() {
  return <Empty title="Execution" />;
}
