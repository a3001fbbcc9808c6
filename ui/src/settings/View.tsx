import { Empty } from "../shell/faces";

/** Settings. */
export function SettingsView() {
  return <Empty title="Settings" />;
}
