import { Empty } from "../shell/faces";

/** Run. */
export function RunView() {
  return <Empty title="Run" />;
}
