import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";

import { authorization } from "../api/token";

const QUERY = `# Clew: ask what made a thing, and what it touches.
# Ctrl+Space completes, Ctrl+Enter runs. Docs are behind the book on the left.

{
  seq
  artifacts(first: 10, orderBy: { field: CREATED, direction: DESC }) {
    totalCount
    nodes {
      id
      type
      name
      state
      uri
      producer {
        id
        type
        state
      }
    }
  }
}
`;

const socketUrl = new URL("/graphql", window.location.href);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");

// Subscriptions only; a server with a token wants it in the connection's first message, from the headers editor.
const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  headers: authorization(),
  wsClient: createClient({ url: socketUrl.href, lazy: true, connectionParams: tokenFromHeaders }),
});

// The headers editor's own, else the one this tab gave the explorer.
function tokenFromHeaders(): Record<string, unknown> {
  try {
    const headers = JSON.parse(window.localStorage.getItem("graphiql:headers") ?? "{}") as Record<string, unknown>;
    const token = headers.Authorization ?? headers.authorization;
    return token ? { Authorization: token } : authorization();
  } catch {
    return authorization();
  }
}

// Its tabs hold buttons, which a tab may not: they are told as a list of buttons, one of them the current one.
function tellTabs(): void {
  for (const list of document.querySelectorAll(".graphiql-tabs[role=tablist]")) list.setAttribute("role", "list");
  for (const tab of document.querySelectorAll(".graphiql-tab")) {
    const current = tab.getAttribute("aria-selected");
    if (current === null) continue;
    tab.setAttribute("role", "listitem");
    tab.removeAttribute("aria-selected");
    tab.querySelector("button")?.setAttribute("aria-current", current);
  }
  const panel = document.querySelector("#graphiql-session[role=tabpanel]");
  panel?.setAttribute("role", "group");
}

const root = document.getElementById("graphiql");
if (root) {
  const seen = { subtree: true, childList: true, attributeFilter: ["aria-selected", "role"] };
  new MutationObserver(tellTabs).observe(root, seen);
  createRoot(root).render(<GraphiQL fetcher={fetcher} defaultQuery={QUERY} shouldPersistHeaders />);
}
