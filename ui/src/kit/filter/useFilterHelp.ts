import { useEffect, useState } from "react";

import { direct } from "../../api/client";
import type { NodeKind } from "../../api/schema.generated";
import { pointOf } from "./points";
import { FilterHelpDocument, type FilterHelpQuery } from "./queries.generated";

/** What the server says of a filter, and of which text and cursor it says so. */
export interface Help {
  readonly text: string;
  readonly cursor: number;
  readonly answer: FilterHelpQuery["filterHelp"];
}

const PAUSE_MS = 90;

/** What is wrong with a filter, and what could stand at the cursor: asked while it is typed, once it rests a moment. */
export function useFilterHelp(text: string, kind: NodeKind, cursor: number | null): Help | null {
  const [help, setHelp] = useState<Help | null>(null);
  useEffect(() => {
    if (!text.trim() && cursor === null) return undefined;
    let stop: (() => void) | undefined;
    const timer = setTimeout(() => {
      const variables = { text, kind, cursor: cursor === null ? null : pointOf(text, cursor) };
      const asked = direct.query(FilterHelpDocument, variables).subscribe(({ data }) => {
        if (data) setHelp({ text, cursor: cursor ?? -1, answer: data.filterHelp });
      });
      stop = () => asked.unsubscribe();
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop?.();
    };
  }, [text, kind, cursor]);
  return help?.text === text ? help : null;
}
