import { Empty } from "../shell/faces";

/** Home. */
export function HomeView() {
  return <Empty title="Home" />;
}
