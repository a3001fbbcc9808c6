import { Empty } from "../shell/faces";

/** Artifact. */
export function ArtifactView() {
  return <Empty title="Artifact" />;
}
