import { Empty } from "../shell/faces";

/** Cache. */
export function CacheView() {
  return <Empty title="Cache" />;
}
