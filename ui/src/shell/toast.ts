import type { CombinedError } from "urql";

import { told } from "../api/errors";
import { store } from "../api/store";

/** Something to tell of what the user did. */
export interface Toast {
  readonly title?: string;
  readonly message: string;
  readonly bad?: true;
}

/** What is to be told; `Toasts` takes it from here. The first one brings the code that shows them. */
export const toasts = store<readonly Toast[]>([]);

/** Say that what the user did was done. Nothing else makes a toast. */
export function done(message: string): void {
  toasts.set([...toasts.get(), { message }]);
}

/** Say that what the user did was refused, in the server's words. */
export function failed(error: CombinedError): void {
  const { message, remedy } = told(error);
  toasts.set([...toasts.get(), { title: message, message: remedy, bad: true }]);
}
