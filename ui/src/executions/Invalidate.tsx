import { Button } from "@mantine/core";
import { IconRecycleOff } from "@tabler/icons-react";
import { useState } from "react";
import { useMutation } from "urql";

import { AskWhy } from "../kit/detail/Ask";
import { amount } from "../kit/detail/words";
import { done, failed } from "../shell/toast";
import { InvalidateExecutionDocument } from "./queries.generated";

/** Takes a result out of the cache for good; it is kept who did it, when and why. */
export function InvalidateButton({
  id,
  namespace,
  onDone,
}: {
  readonly id: string;
  readonly namespace: string;
  readonly onDone: () => void;
}) {
  const [asking, ask] = useState(false);
  const [{ fetching }, invalidate] = useMutation(InvalidateExecutionDocument);
  const go = async (why: string, downstream: boolean) => {
    const { data, error } = await invalidate({ id, downstream, why, namespace });
    ask(false);
    if (error) failed(error);
    else done(`${amount(data?.invalidateCache.executions.length ?? 0, "execution")} will not be reused again.`);
    onDone();
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconRecycleOff size={14} aria-hidden />}
        onClick={() => ask(true)}
      >
        Invalidate
      </Button>
      {asking && (
        <AskWhy
          title="Take it out of the cache"
          verb="Invalidate"
          option="Also everything that was made from it"
          busy={fetching}
          onClose={() => ask(false)}
          onDo={(why, downstream) => void go(why, downstream)}
        >
          Its result is never reused again. The record keeps it.
        </AskWhy>
      )}
    </>
  );
}
