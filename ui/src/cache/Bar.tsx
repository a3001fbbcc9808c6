import { Button, Chip, Select, TextInput } from "@mantine/core";
import { IconPin, IconPinnedOff, IconTrashX, IconX } from "@tabler/icons-react";
import { type SubmitEvent, useState } from "react";
import { useMutation } from "urql";

import { short } from "../kit/format";
import type { useReaddress } from "../shell/place";
import { done, failed } from "../shell/toast";
import { knownActor } from "../kit/actor";
import { PinEntryDocument } from "./queries.generated";
import { type CacheSearch, cacheSearch, executionId } from "./search";

const SPAN_WORDS = [
  { value: "all", label: "All time" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
];

/** Above the table: what narrows it, and a way to the decision on any execution. */
export function Bar({
  search,
  change,
  onInvalidate,
}: {
  readonly search: CacheSearch;
  readonly change: ReturnType<typeof useReaddress<CacheSearch>>;
  readonly onInvalidate: (component: string) => void;
}) {
  const { component, live = false } = search;
  const [typed, setTyped] = useState("");
  const explain = (event: SubmitEvent) => {
    event.preventDefault();
    const id = executionId(typed);
    if (id) change({ of: id });
  };
  return (
    <>
      <Chip size="xs" variant="outline" checked={live} onChange={(on) => change({ live: on ? true : undefined }, true)}>
        Live only
      </Chip>
      {component !== undefined && (
        <>
          <Button
            size="compact-sm"
            variant="default"
            maw={220}
            rightSection={<IconX size={13} aria-hidden />}
            aria-label={`Component ${short(component)}: show all`}
            onClick={() => change({ component: undefined }, true)}
          >
            <span className="cut">{short(component, 60)}</span>
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconTrashX size={14} aria-hidden />}
            onClick={() => onInvalidate(component)}
          >
            Take all out
          </Button>
        </>
      )}
      <form onSubmit={explain}>
        <TextInput
          size="xs"
          w={170}
          aria-label="Explain an execution"
          placeholder="Explain execution:42"
          value={typed}
          error={typed !== "" && executionId(typed) === ""}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </form>
    </>
  );
}

/** Since when hits are counted. */
export function Since({
  since,
  onSince,
}: {
  readonly since: CacheSearch["since"];
  readonly onSince: (since: CacheSearch["since"]) => void;
}) {
  return (
    <Select
      size="xs"
      w={130}
      aria-label="Count hits since"
      data={SPAN_WORDS}
      allowDeselect={false}
      value={since ?? "all"}
      onChange={(value) => onSince(cacheSearch({ since: value }).since)}
    />
  );
}

/** What can be done with the entries selected. */
export function Actions({
  chosen,
  namespace,
  onInvalidate,
  onDone,
}: {
  readonly chosen: readonly string[];
  readonly namespace: string;
  readonly onInvalidate: () => void;
  readonly onDone: () => void;
}) {
  const [, pin] = useMutation(PinEntryDocument);
  const put = async (pinned: boolean) => {
    for (const id of chosen) {
      const { error } = await pin({ id, pinned, why: "", actor: knownActor(), namespace });
      if (error) {
        failed(error);
        return;
      }
    }
    onDone();
    const one = chosen.length === 1;
    const what = one ? "The result is" : `${chosen.length} results are`;
    done(pinned ? `${what} kept, with what ${one ? "it was" : "they were"} made from.` : `${what} kept no longer.`);
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconTrashX size={14} aria-hidden />}
        onClick={onInvalidate}
      >
        Invalidate
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconPin size={14} aria-hidden />}
        onClick={() => void put(true)}
      >
        Pin
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconPinnedOff size={14} aria-hidden />}
        onClick={() => void put(false)}
      >
        Unpin
      </Button>
    </>
  );
}
