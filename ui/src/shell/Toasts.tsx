import "@mantine/notifications/styles.css";

import { notifications, Notifications } from "@mantine/notifications";
import { useEffect } from "react";

import { useStore } from "../api/store";
import { toasts } from "./toast";

/** Shows what is to be told, lower right, for some seconds. */
export function Toasts() {
  const waiting = useStore(toasts);
  useEffect(() => {
    if (!waiting.length) return;
    toasts.set([]);
    for (const { title, message, bad } of waiting) {
      notifications.show({
        message,
        autoClose: bad ? 9000 : 4000,
        ...(title ? { title } : {}),
        ...(bad ? { color: "red" } : {}),
      });
    }
  }, [waiting]);
  return <Notifications position="bottom-right" limit={3} />;
}
