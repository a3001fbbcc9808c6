import { Button } from "@mantine/core";
import { IconAffiliate, IconColumns3, IconPin, IconPinnedOff } from "@tabler/icons-react";
import { useState } from "react";
import { useMutation } from "urql";

import { done, failed } from "../../shell/toast";
import { LinkButton } from "../LinkButton";
import { AskWhy } from "./Ask";
import { PinDocument } from "./queries.generated";
import type { pinOf } from "./words";

const LOOK = { size: "compact-sm", variant: "default" } as const;

/** Leads to the node in the explorer. */
export function ExploreButton({ id }: { readonly id: string }) {
  return (
    <LinkButton to="/explorer" search={{ focus: id }} leftSection={<IconAffiliate size={14} aria-hidden />}>
      Explore
    </LinkButton>
  );
}

/** Leads to a comparison that begins with the node. */
export function CompareButton({ id }: { readonly id: string }) {
  return (
    <LinkButton to="/compare" search={{ of: id }} leftSection={<IconColumns3 size={14} aria-hidden />}>
      Compare
    </LinkButton>
  );
}

/** Keeps a node, with everything it was made from, whatever is collected; or lets it go again. */
export function PinButton({
  id,
  namespace,
  pin,
  onDone,
}: {
  readonly id: string;
  readonly namespace: string;
  readonly pin: ReturnType<typeof pinOf>;
  readonly onDone: () => void;
}) {
  const [asking, ask] = useState(false);
  const [{ fetching }, change] = useMutation(PinDocument);
  const set = async (pinned: boolean, why: string) => {
    const at = pin?.context.namespace ?? namespace;
    const { error } = await change({ id, pinned, why, namespace: at });
    ask(false);
    if (error) failed(error);
    else done(pinned ? "It is pinned: nothing collects it, nor what it was made from." : "It is not pinned any more.");
    onDone();
  };
  if (pin && !pin.byHand) {
    return (
      <Button {...LOOK} disabled leftSection={<IconPin size={14} aria-hidden />} title={`Held by ${pin.context.id}`}>
        Pinned
      </Button>
    );
  }
  return (
    <>
      {pin ? (
        <Button
          {...LOOK}
          loading={fetching}
          leftSection={<IconPinnedOff size={14} aria-hidden />}
          onClick={() => void set(false, "")}
        >
          Unpin
        </Button>
      ) : (
        <Button {...LOOK} leftSection={<IconPin size={14} aria-hidden />} onClick={() => ask(true)}>
          Pin
        </Button>
      )}
      {asking && (
        <AskWhy title="Pin" verb="Pin" busy={fetching} onClose={() => ask(false)} onDo={(why) => void set(true, why)}>
          It is kept, with everything it was made from, whatever the cache collects.
        </AskWhy>
      )}
    </>
  );
}
