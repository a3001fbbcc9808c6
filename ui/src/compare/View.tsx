import { Empty } from "../shell/faces";

/** Compare. */
export function CompareView() {
  return <Empty title="Compare" />;
}
