import { Button } from "@mantine/core";
import {
  IconArchive,
  IconArchiveOff,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconRepeat,
} from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { type CombinedError, useClient } from "urql";

import { count } from "../kit/format";
import { ListActions } from "../kit/listing/ListActions";
import { done, failed } from "../shell/toast";
import { useDoing } from "./doing";
import { ArchiveRunDocument, CancelRunDocument, ResumeRunDocument, RetryRunDocument } from "./queries.generated";

const CloneById = lazy(() => import("./CloneForm").then(({ CloneById }) => ({ default: CloneById })));

/** What can be done with the runs selected. */
export function SelectedRuns({
  chosen,
  archived,
  onDone,
}: {
  readonly chosen: ReadonlySet<string>;
  readonly archived: boolean;
  readonly onDone: () => void;
}) {
  const client = useClient();
  const { busy, act, go } = useDoing();
  const [at, setAt] = useState(0);
  const [cloning, setCloning] = useState(false);
  const ids = [...chosen];
  const [one] = ids.length === 1 ? ids : [];
  const each = async (what: (id: string) => Promise<{ error?: CombinedError | undefined }>, word: string) => {
    let good = 0;
    let refused: CombinedError | undefined;
    for (const id of ids) {
      setAt(ids.indexOf(id) + 1);
      const { error } = await what(id);
      if (error) refused = error;
      else good += 1;
    }
    setAt(0);
    if (good) done(`${count(good)} ${good === 1 ? "run was" : "runs were"} ${word}.`);
    if (refused) failed(refused);
    else onDone();
  };
  const archive = (id: string) => client.mutation(ArchiveRunDocument, { id, archived: !archived }).toPromise();
  const cancel = (id: string) => client.mutation(CancelRunDocument, { id }).toPromise();
  const idle = !busy && at === 0;
  const look = { size: "compact-sm", variant: "default", disabled: !idle } as const;
  return (
    <>
      <ListActions chosen={chosen} />
      {one !== undefined && (
        <>
          <Button
            {...look}
            leftSection={<IconRefresh size={14} />}
            onClick={() =>
              void act(
                RetryRunDocument,
                { id: one, task: null },
                () => "The retry is a run of its own.",
                (data) => go(data.retryRun.id),
              )
            }
          >
            Retry
          </Button>
          <Button
            {...look}
            leftSection={<IconPlayerPlay size={14} />}
            onClick={() =>
              void act(
                ResumeRunDocument,
                { id: one },
                () => "It goes on as a run of its own.",
                (data) => go(data.resumeRun.id),
              )
            }
          >
            Resume
          </Button>
          <Button {...look} leftSection={<IconRepeat size={14} />} onClick={() => setCloning(true)}>
            Clone
          </Button>
        </>
      )}
      <Button {...look} leftSection={<IconPlayerStop size={14} />} onClick={() => void each(cancel, "asked to stop")}>
        Cancel
      </Button>
      <Button
        {...look}
        leftSection={archived ? <IconArchiveOff size={14} /> : <IconArchive size={14} />}
        onClick={() => void each(archive, archived ? "taken out of the archive" : "archived")}
      >
        {archived ? "Take out" : "Archive"}
      </Button>
      {at > 0 && (
        <span className="dim" role="status">
          {count(at)} of {count(ids.length)}
        </span>
      )}
      {one !== undefined && cloning && (
        <Suspense>
          <CloneById id={one} onClose={() => setCloning(false)} />
        </Suspense>
      )}
    </>
  );
}
