import {
  IconAffiliate, IconBox, IconBrandGraphql, IconClockPlay, IconColumns3, IconFolders, IconHistory, IconHome, IconPlayerPlay,
  IconRecycle, IconSettings, IconShape, IconBolt, type Icon,
} from "@tabler/icons-react"; // prettier-ignore

/** One page of the navigation. */
export interface Page {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
  /** Pressed after `g`. */
  readonly key: string;
  readonly group: "" | "Record" | "Work" | "System";
  /** Outside the single-page app: loaded whole. */
  readonly outside?: true;
}

/** The pages, in the order in which the navigation lists them. */
export const pages: readonly Page[] = [
  { to: "/", label: "Home", icon: IconHome, key: "h", group: "" },
  { to: "/explorer", label: "Explorer", icon: IconAffiliate, key: "e", group: "" },
  { to: "/runs", label: "Runs", icon: IconPlayerPlay, key: "r", group: "Work" },
  { to: "/schedules", label: "Schedules", icon: IconClockPlay, key: "d", group: "Work" },
  { to: "/compare", label: "Compare", icon: IconColumns3, key: "m", group: "Work" },
  { to: "/cache", label: "Cache", icon: IconRecycle, key: "c", group: "Work" },
  { to: "/artifacts", label: "Artifacts", icon: IconBox, key: "a", group: "Record" },
  { to: "/executions", label: "Executions", icon: IconBolt, key: "x", group: "Record" },
  { to: "/contexts", label: "Contexts", icon: IconFolders, key: "o", group: "Record" },
  { to: "/types", label: "Types", icon: IconShape, key: "t", group: "Record" },
  { to: "/log", label: "Log", icon: IconHistory, key: "l", group: "Record" },
  { to: "/graphql", label: "GraphQL", icon: IconBrandGraphql, key: "q", group: "System", outside: true },
  { to: "/settings", label: "Settings", icon: IconSettings, key: "s", group: "System" },
];
