import { session } from "./storage";
import { store } from "./store";

const KEY = "clew.token";

/** Whether the server has refused us: no token was given, or a wrong one. */
export const refused = store<"" | "none" | "wrong">("");

/** What every request carries, where a token was given. */
export function authorization(): Record<string, string> {
  const token = session.get(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Keep the token of this tab; empty forgets it. */
export function setToken(token: string): void {
  session.set(KEY, token.trim() || null);
  refused.set("");
}

/** The server said 401 (or closed the socket with 4403). */
export function tokenRefused(): void {
  refused.set(session.get(KEY) ? "wrong" : "none");
}
