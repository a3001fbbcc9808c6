import { Empty } from "../shell/faces";

/** Artifacts. */
export function ArtifactsView() {
  return <Empty title="Artifacts" />;
}
