import { Button, Code, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { lazy, type ReactElement, Suspense, useMemo, useState } from "react";

import { useLiveQuery } from "../api/live";
import { count } from "../kit/format";
import { lookOf } from "../kit/State";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import { type Key, useKeys } from "../shell/keys";
import { useNamespace } from "../shell/place";
import { SchedulesDocument } from "./queries.generated";
import { ScheduleRow } from "./ScheduleRow";
import styles from "./schedules.module.css";
import type { SchedulesSearch } from "./search";
import { usePlace } from "./usePlace";

const NewSchedule = lazy(() => import("./NewSchedule").then(({ NewSchedule }) => ({ default: NewSchedule })));
const STATES = ["ENABLED", "PAUSED", "REMOVED"];
const PAGE = 100;

/** Pipelines that are run at set times: when, what came of it, and how to stop it. */
export function SchedulesView(): ReactElement {
  const [search, change] = usePlace<SchedulesSearch>();
  const namespace = useNamespace();
  const [making, make] = useDisclosure(false);
  const [first, setFirst] = useState(PAGE);
  const state = STATES.find((one) => one === search.state);
  const [{ data, error }, ask] = useLiveQuery({
    query: SchedulesDocument,
    variables: { state: state ?? null, namespace: namespace ?? null, first: Math.min(first, 1000) },
  });
  useKeys(
    "Schedules",
    useMemo<readonly Key[]>(() => [{ key: "n", what: "New schedule", act: make.open }], [make.open]),
  );
  const found = data?.schedules;
  const shown = found?.nodes.filter((one) => state || one.state !== "REMOVED") ?? [];
  return (
    <div className={styles.view}>
      <h1 className="unseen">Schedules</h1>
      <div className={styles.top}>
        <Select
          size="xs"
          w={190}
          aria-label="State"
          placeholder="All but removed"
          clearable
          data={STATES.map((one) => ({ value: one, label: lookOf(one)[2] }))}
          value={state ?? null}
          onChange={(next) => change({ state: next ?? undefined })}
        />
        <span className="dim" role="status">
          {found && `${count(shown.length)} ${shown.length === 1 ? "schedule" : "schedules"}`}
        </span>
        <Button size="xs" className={styles.new ?? ""} leftSection={<IconPlus size={14} />} onClick={make.open}>
          New schedule
        </Button>
      </div>
      {error && found && <Partial>What is shown may be old: the server cannot be asked.</Partial>}
      {error && !found ? (
        <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />
      ) : !found ? (
        <Loading lines={8} />
      ) : shown.length === 0 ? (
        <Empty
          title={state || found.nodes.length ? "No schedule matches" : "No schedule yet"}
          action={
            <Button size="xs" onClick={make.open}>
              Make one
            </Button>
          }
        >
          A schedule runs a pipeline at set times, while a server of this home is up. On the command line:{" "}
          <Code>clew schedule add pipeline.yaml --cron &quot;0 9 * * 1-5&quot;</Code>
        </Empty>
      ) : (
        <ul className={styles.list} aria-label="Schedules">
          {shown.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} />
          ))}
        </ul>
      )}
      {found?.pageInfo.hasNextPage && (
        <Button size="xs" variant="default" m="md" onClick={() => setFirst(first + PAGE)}>
          Show more
        </Button>
      )}
      {making && (
        <Suspense>
          <NewSchedule onClose={make.close} />
        </Suspense>
      )}
    </div>
  );
}
