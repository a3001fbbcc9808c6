import styles from "./runs.module.css";
import type { RunFacts } from "./useRun";
import { isOpen } from "./useRun";
import { Values } from "./Values";

/** What a run was given, and what it gave. */
export function ValuesTab({ run }: { readonly run: RunFacts }) {
  return (
    <div className={styles.pair}>
      <section>
        <h2>Parameters</h2>
        <Values of={run.parameters} nothing="It takes none." />
      </section>
      <section>
        <h2>Outputs</h2>
        <Values of={run.outputs} nothing={isOpen(run.state) ? "Nothing yet." : "It gave none."} />
      </section>
    </div>
  );
}
