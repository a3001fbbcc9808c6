import { Empty } from "../shell/faces";

/** Log. */
export function LogView() {
  return <Empty title="Log" />;
}
