import { Button } from "@mantine/core";
import { IconAffiliate, IconColumns3, IconCopy } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";

import { done } from "../../shell/toast";
import { count } from "../format";

const MOST_COMPARED = 500;
const MOST_EXPLORED = 200;

/** What can be done with nodes that were selected: compare them, see their lineage, copy their ids. */
export function ListActions({
  chosen,
  explore,
}: {
  readonly chosen: ReadonlySet<string>;
  /** Spells nodes for the address of the explorer; contexts have no place there. */
  readonly explore?: (ids: readonly string[]) => string;
}) {
  const navigate = useNavigate();
  const ids = [...chosen];
  const copy = () => {
    void navigator.clipboard
      .writeText(ids.join("\n"))
      .then(() => done(ids.length === 1 ? "The id was copied." : `${count(ids.length)} ids were copied.`));
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconColumns3 size={14} aria-hidden />}
        disabled={ids.length < 2 || ids.length > MOST_COMPARED}
        title={ids.length < 2 ? "Select two or more" : undefined}
        onClick={() => void navigate({ to: "/compare", search: { of: ids.join(",") } })}
      >
        Compare
      </Button>
      {explore && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconAffiliate size={14} aria-hidden />}
          disabled={ids.length > MOST_EXPLORED}
          onClick={() => void navigate({ to: "/explorer", search: { focus: ids[0], shown: explore(ids) } })}
        >
          Explore
        </Button>
      )}
      <Button size="compact-sm" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy}>
        Copy ids
      </Button>
    </>
  );
}
