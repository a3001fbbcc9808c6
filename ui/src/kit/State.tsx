import {
  IconBan, IconCircleCheck, IconCircleDashed, IconCircleDot, IconCircleX, IconClock, IconLink, IconLoader2,
  IconPlayerSkipForward, IconRecycle, IconTrash, type Icon,
} from "@tabler/icons-react"; // prettier-ignore

import styles from "./kit.module.css";

type Look = readonly [Icon, "good" | "busy" | "reused" | "bad" | "waiting" | "idle", string];

const LOOKS: Readonly<Record<string, Look>> = {
  UNKNOWN: [IconCircleDashed, "idle", "Unknown"],
  PENDING: [IconClock, "waiting", "Pending"],
  LIVE: [IconCircleCheck, "good", "Live"],
  MARKED_FOR_DELETION: [IconTrash, "waiting", "To be deleted"],
  DELETED: [IconTrash, "idle", "Deleted"],
  ABANDONED: [IconBan, "idle", "Abandoned"],
  REFERENCE: [IconLink, "idle", "Reference"],
  NEW: [IconClock, "waiting", "New"],
  RUNNING: [IconLoader2, "busy", "Running"],
  COMPLETE: [IconCircleCheck, "good", "Complete"],
  FAILED: [IconCircleX, "bad", "Failed"],
  CACHED: [IconRecycle, "reused", "Reused"],
  CANCELED: [IconBan, "idle", "Canceled"],
  SKIPPED: [IconPlayerSkipForward, "idle", "Skipped"],
  WAITING: [IconCircleDashed, "idle", "Waiting"],
  NOT_RUN: [IconCircleDashed, "idle", "Not run"],
  ENABLED: [IconCircleCheck, "good", "Enabled"],
  PAUSED: [IconClock, "waiting", "Paused"],
  REMOVED: [IconBan, "idle", "Removed"],
};

/** How a state is drawn: icon, tone, word. A state we do not know is shown by its own name. */
export function lookOf(state: string): Look {
  return LOOKS[state] ?? [IconCircleDot, "idle", state];
}

/** A state: icon, colour and word. */
export function StateBadge({ state, bare = false }: { readonly state: string; readonly bare?: boolean }) {
  const [Icon, tone, word] = lookOf(state);
  return (
    <span className={bare ? styles.bare : styles.state} data-tone={tone} data-state={state}>
      <Icon size={13} stroke={2.2} aria-hidden={!bare} {...(bare ? { role: "img", "aria-label": word } : {})} />
      {!bare && word}
    </span>
  );
}
