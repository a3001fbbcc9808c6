import { nodeColumns } from "../kit/listing/nodeColumns";
import type { Column } from "../kit/table/columns";
import type { ContextRowsQuery } from "./queries.generated";

/** A context as a table shows it. */
export type ContextRow = ContextRowsQuery["contexts"]["nodes"][number];

/** The columns shown at first. */
export const CONTEXT_SHOWN = ["name", "type", "namespace", "created", "updated", "id"];

const { first, last } = nodeColumns<ContextRow>("CONTEXT");
/** Every column but those of properties. */
export const CONTEXT_COLUMNS: readonly Column<ContextRow>[] = [...first, ...last];
