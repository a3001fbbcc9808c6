import { createClient as createSocket } from "graphql-ws";
import { cacheExchange, Client, fetchExchange, mapExchange, subscriptionExchange } from "urql";

import { authorization, tokenRefused } from "./token";
import { store } from "./store";

/** How the socket stands, on which all that is live arrives. */
export const link = store<"idle" | "open" | "lost">("idle");

const FORBIDDEN = 4403;
const url = new URL("/graphql", window.location.href);
const socketUrl = new URL(url.href.replace(/^http/, "ws"));

/** Subscriptions: one socket, opened when first needed, opened again for as long as the page lives. */
export const socket = createSocket({
  url: socketUrl.href,
  connectionParams: authorization,
  keepAlive: 15_000,
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: (retries) => new Promise((done) => setTimeout(done, Math.min(400 * 1.6 ** retries, 5_000))),
  shouldRetry: (event) => !(event instanceof CloseEvent && event.code === FORBIDDEN),
  on: {
    connected: () => link.set("open"),
    closed: (event) => {
      if (event instanceof CloseEvent && event.code === FORBIDDEN) tokenRefused();
      if (!(event instanceof CloseEvent && event.code === 1000)) link.set("lost");
    },
  },
});

const refusals = mapExchange({
  onError(error) {
    const response: unknown = error.response;
    if (response instanceof Response && response.status === 401) tokenRefused();
  },
});

const shared = {
  url: url.href,
  preferGetMethod: false,
  fetchOptions: () => ({ headers: authorization() }),
} as const;

/** Questions whose answers nobody keeps: the pages of a long listing, which its table holds itself. */
export const direct = new Client({ ...shared, requestPolicy: "network-only", exchanges: [refusals, fetchExchange] });

/** Questions and mutations. */
export const client = new Client({
  ...shared,
  requestPolicy: "cache-and-network",
  exchanges: [
    cacheExchange,
    refusals,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe(
            { query: request.query ?? "", variables: request.variables, operationName: request.operationName ?? null },
            {
              next: (value) => sink.next(value as Parameters<typeof sink.next>[0]),
              error: (error) => sink.error(error),
              complete: () => sink.complete(),
            },
          ),
        }),
      }),
    }),
  ],
});
