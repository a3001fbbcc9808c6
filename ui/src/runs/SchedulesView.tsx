import { Empty } from "../shell/faces";

/** Schedules. */
export function SchedulesView() {
  return <Empty title="Schedules" />;
}
