import { Empty } from "../shell/faces";

/** Runs. */
export function RunsView() {
  return <Empty title="Runs" />;
}
