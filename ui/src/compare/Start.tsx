import { Button, Checkbox } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { useState } from "react";

import { useLiveQuery } from "../api/live";
import { short } from "../kit/format";
import { StateBadge } from "../kit/State";
import { Time } from "../kit/Time";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { Add } from "./Add";
import styles from "./compare.module.css";
import { CompareRecentDocument } from "./queries.generated";

const NONE: ReadonlySet<string> = new Set();

/** Where nothing is compared yet: the newest runs to choose from, and a search for anything. */
export function Start({
  namespace,
  onCompare,
}: {
  readonly namespace: string | undefined;
  readonly onCompare: (ids: readonly string[]) => void;
}) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [{ data, error }, ask] = useLiveQuery({
    query: CompareRecentDocument,
    variables: { namespace: namespace ?? null },
  });
  if (error && !data) return <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading />;
  const runs = data.runs.nodes;
  const toggle = (id: string) => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <div className={styles.start}>
      <Empty title="What is to be compared?">
        Runs, artifacts or executions: 2 to 500 of a kind. Find them here, or select rows in any list and press Compare.
      </Empty>
      <Add kind={undefined} namespace={namespace} have={NONE} onAdd={(id) => onCompare([id])} />
      {runs.length > 1 && (
        <section className={`card ${styles.recent ?? ""}`} aria-labelledby="recent">
          <h2 id="recent">The newest runs</h2>
          <ul>
            {runs.map((run) => (
              <li key={run.id}>
                <Checkbox
                  size="xs"
                  checked={chosen.includes(run.context.id)}
                  onChange={() => toggle(run.context.id)}
                  label={
                    <span className={styles.hit}>
                      <span className="cut" dir="auto" title={short(run.name, 500)}>
                        {short(run.context.label)}
                      </span>
                      <span className="dim cut" dir="auto">
                        {short(run.pipeline, 80)}
                      </span>
                      <StateBadge state={run.state} />
                      <span className={`dim ${styles.when ?? ""}`}>
                        <Time ms={run.createdMs} />
                      </span>
                    </span>
                  }
                />
              </li>
            ))}
          </ul>
          <Button
            size="xs"
            leftSection={<IconColumns3 size={14} aria-hidden />}
            disabled={chosen.length < 2}
            onClick={() => onCompare(chosen)}
          >
            {chosen.length < 2 ? "Choose two or more" : `Compare ${chosen.length} runs`}
          </Button>
        </section>
      )}
    </div>
  );
}
