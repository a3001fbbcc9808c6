import { Empty } from "../shell/faces";

/** Explorer. */
export function LineageView() {
  return <Empty title="Explorer" />;
}
