import { useRouter } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { type AnyVariables, type TypedDocumentNode, useClient } from "urql";

import { done, failed } from "../shell/toast";

/** Runs a mutation and says what became of it. */
export interface Doing {
  readonly busy: boolean;
  readonly act: <Data, Variables extends AnyVariables>(
    mutation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    told: (data: Data) => string,
    then?: (data: Data) => void,
  ) => Promise<void>;
  readonly go: (id: string) => void;
}

/** What is done with runs by a button: a toast tells the end of it, and a refusal in the server's words. */
export function useDoing(): Doing {
  const client = useClient();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const act = useCallback<Doing["act"]>(
    async (mutation, variables, told, then) => {
      setBusy(true);
      const { data, error } = await client.mutation(mutation, variables);
      setBusy(false);
      if (error) failed(error);
      else if (data) {
        done(told(data));
        then?.(data);
      }
    },
    [client],
  );
  const go = useCallback((id: string) => void router.navigate({ to: "/runs/$id", params: { id } }), [router]);
  return { busy, act, go };
}
