import { Button, Checkbox, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useMutation, useQuery } from "urql";

import { told } from "../api/errors";
import { count } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import { keepActor, knownActor } from "../kit/actor";
import styles from "./cache.module.css";
import { CacheImpactDocument, InvalidateEntriesDocument } from "./queries.generated";

const MOST_LISTED = 200;

/** What is to be taken out: results, by the executions that made them, or all that a component made. */
export type Target = { readonly executions: readonly string[] } | { readonly component: string };

/** Asks how to take results out of the cache, does it, and shows what was taken out. */
export function Invalidate({
  target,
  namespace,
  onClose,
}: {
  readonly target: Target;
  readonly namespace: string | undefined;
  readonly onClose: () => void;
}) {
  const [why, setWhy] = useState("");
  const [actor, setActor] = useState(knownActor);
  const [downstream, setDownstream] = useState(false);
  const [{ data, error, fetching }, invalidate] = useMutation(InvalidateEntriesDocument);
  const ids = "executions" in target ? target.executions : [];
  const [{ data: reach }] = useQuery({
    query: CacheImpactDocument,
    variables: { of: [...ids] },
    pause: !downstream || ids.length === 0,
  });
  const submit = () => {
    keepActor(actor);
    void invalidate({
      ...("executions" in target ? { targets: [...target.executions] } : { components: [target.component] }),
      downstream,
      why: why.trim(),
      actor: actor.trim(),
      namespace: namespace ?? "default",
    });
  };
  const what = "executions" in target ? results(ids.length) : `everything ${target.component.slice(0, 120)} made`;
  return (
    <Modal
      opened
      onClose={onClose}
      title={data ? "Taken out of the cache" : `Take ${what} out of the cache`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {data ? (
        <Stack gap="sm">
          <Text size="sm">
            {data.invalidateCache.executions.length === 0
              ? "Nothing was left to take out."
              : `${results(data.invalidateCache.executions.length)} will never be reused again.`}{" "}
            Who did it, when and why stands in <NodeLink node={data.invalidateCache.audit} />.
          </Text>
          <ul className={styles.taken} aria-label="Taken out">
            {data.invalidateCache.executions.slice(0, MOST_LISTED).map((id) => (
              <li key={id}>
                <NodeLink node={{ id, name: null }} />
              </li>
            ))}
          </ul>
          {data.invalidateCache.executions.length > MOST_LISTED && (
            <Text size="sm" className="dim">
              and {count(data.invalidateCache.executions.length - MOST_LISTED)} more
            </Text>
          )}
          <Group justify="flex-end">
            <Button onClick={onClose}>Close</Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap="sm">
          <Text size="sm">
            It stays in the record, but no run will reuse it. This cannot be undone: the steps have to run once more.
          </Text>
          <Checkbox
            label="Also everything that was made from it"
            description={
              reach
                ? `Up to ${count(reach.impact.executions)}${reach.impact.partial ? " or more" : ""} executions further on.`
                : undefined
            }
            checked={downstream}
            onChange={(event) => setDownstream(event.currentTarget.checked)}
          />
          <Textarea
            label="Why"
            description="For those who ask later."
            autosize
            minRows={2}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label="Who"
            description="Recorded with it; this browser keeps the name."
            value={actor}
            onChange={(event) => setActor(event.currentTarget.value)}
          />
          {error && (
            <Text size="sm" c="var(--clew-bad)" role="alert">
              {told(error).message}. {told(error).remedy}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Keep it
            </Button>
            <Button color="red.9" loading={fetching} onClick={submit}>
              Take it out
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

function results(many: number): string {
  return many === 1 ? "1 result" : `${count(many)} results`;
}
