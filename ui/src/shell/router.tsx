import {
  createRootRoute, createRoute, createRouter, lazyRouteComponent, retainSearchParams,
  type RouteComponent,
} from "@tanstack/react-router"; // prettier-ignore

import { artifactSearch } from "../artifacts/search";
import { cacheSearch } from "../cache/search";
import { compareSearch } from "../compare/search";
import { contextSearch } from "../contexts/search";
import { executionSearch } from "../executions/search";
import { homeSearch } from "../home/search";
import { detailSearch } from "../kit/detail/search";
import { lineageSearch } from "../lineage/search";
import { logSearch } from "../log/search";
import { runSearch, runsSearch, schedulesSearch } from "../runs/search";
import { typeSearch } from "../types/search";
import { patient } from "./patient";
import { ErrorFace, Loading, NotFound } from "./faces";
import { Frame } from "./Frame";
import { shared } from "./search";

// Each page is a chunk of its own; only what its address may say (search.ts) is part of the first load.
const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => <ErrorFace error={error instanceof Error ? error : new Error(String(error))} />,
  pendingComponent: Loading,
  validateSearch: shared,
  search: { middlewares: [retainSearchParams(["ns", "embed"])] },
});

// The loader's type is said, not inferred: what a page's hooks know of the router must not depend on the page.
function page(load: () => Promise<object>, name: string): RouteComponent {
  return lazyRouteComponent(() => patient(load) as Promise<Record<string, RouteComponent>>, name);
}

const at = { getParentRoute: () => root } as const;
// Apart from the tree: written inside its call, the routes would lose the types of their paths and addresses.
const routes = [
  createRoute({ ...at, path: "/", validateSearch: homeSearch, component: page(() => import("../home/View"), "HomeView") }),
  createRoute({ ...at, path: "/explorer", validateSearch: lineageSearch, component: page(() => import("../lineage/View"), "LineageView") }),
  createRoute({ ...at, path: "/artifacts", validateSearch: artifactSearch, component: page(() => import("../artifacts/View"), "ArtifactsView") }),
  createRoute({ ...at, path: "/artifacts/$id", validateSearch: detailSearch, component: page(() => import("../artifacts/ArtifactView"), "ArtifactView") }),
  createRoute({ ...at, path: "/executions", validateSearch: executionSearch, component: page(() => import("../executions/View"), "ExecutionsView") }),
  createRoute({ ...at, path: "/executions/$id", validateSearch: detailSearch, component: page(() => import("../executions/ExecutionView"), "ExecutionView") }),
  createRoute({ ...at, path: "/contexts", validateSearch: contextSearch, component: page(() => import("../contexts/View"), "ContextsView") }),
  createRoute({ ...at, path: "/contexts/$id", validateSearch: detailSearch, component: page(() => import("../contexts/ContextView"), "ContextView") }),
  createRoute({ ...at, path: "/types", validateSearch: typeSearch, component: page(() => import("../types/View"), "TypesView") }),
  createRoute({ ...at, path: "/types/$id", validateSearch: detailSearch, component: page(() => import("../types/TypeView"), "TypeView") }),
  createRoute({ ...at, path: "/runs", validateSearch: runsSearch, component: page(() => import("../runs/View"), "RunsView") }),
  createRoute({ ...at, path: "/runs/$id", validateSearch: runSearch, component: page(() => import("../runs/RunView"), "RunView") }),
  createRoute({ ...at, path: "/schedules", validateSearch: schedulesSearch, component: page(() => import("../runs/SchedulesView"), "SchedulesView") }),
  createRoute({ ...at, path: "/compare", validateSearch: compareSearch, component: page(() => import("../compare/View"), "CompareView") }),
  createRoute({ ...at, path: "/cache", validateSearch: cacheSearch, component: page(() => import("../cache/View"), "CacheView") }),
  createRoute({ ...at, path: "/log", validateSearch: logSearch, component: page(() => import("../log/View"), "LogView") }),
  createRoute({ ...at, path: "/settings", component: page(() => import("../settings/View"), "SettingsView") }),
] as const; // prettier-ignore
const tree = root.addChildren(routes);

/** The addresses of the product, and the view of each. */
export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingComponent: Loading,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
