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

const root = document.getElementById("graphiql");
if (root) {
  createRoot(root).render(<GraphiQL fetcher={fetcher} defaultQuery={QUERY} shouldPersistHeaders />);
}
