import { Empty } from "../shell/faces";

/** Types. */
export function TypesView() {
  return <Empty title="Types" />;
}
