import { Empty } from "../shell/faces";

/** Type. */
export function TypeView() {
  return <Empty title="Type" />;
}
