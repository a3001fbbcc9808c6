import { notifications } from "@mantine/notifications";
import type { CombinedError } from "urql";

import { told } from "../api/errors";

/** Say that what the user did was done. Nothing else makes a toast. */
export function done(message: string): void {
  notifications.show({ message, autoClose: 4000 });
}

/** Say that what the user did was refused, in the server's words. */
export function failed(error: CombinedError): void {
  const { message, remedy } = told(error);
  notifications.show({ title: message, message: remedy, color: "red", autoClose: 9000 });
}
