import { useQuery } from "urql";

import { count } from "../kit/format";
import { ErrorFace, Loading } from "../shell/faces";
import { RunSpecDocument } from "./queries.generated";
import styles from "./runs.module.css";
import { Copy } from "./Values";

const MOST = 400_000;

/** The pipeline as it was compiled: the text the run keeps. */
export function SpecTab({ id }: { readonly id: string }) {
  const [{ data, error }, ask] = useQuery({ query: RunSpecDocument, variables: { id } });
  if (error && !data) return <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading lines={12} />;
  const { spec } = data.run;
  return (
    <div className={styles.spec}>
      <div className={styles.filter}>
        <span className="dim">
          {count(spec.split("\n").length)} lines, {count(spec.length)} characters
          {spec.length > MOST && `; the first ${count(MOST)} are shown`}
        </span>
        <Copy text={spec} label="Copy the whole text" />
      </div>
      <pre tabIndex={0} aria-label="The compiled pipeline">
        {spec.slice(0, MOST)}
      </pre>
    </div>
  );
}
