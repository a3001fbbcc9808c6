import { IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { link } from "../api/client";
import { useStore } from "../api/store";
import styles from "./Banner.module.css";

const GRACE_MS = 1500;

/** Says that the server is gone, for as long as it is; a short hiccup is not worth a word. */
export function Banner() {
  const state = useStore(link);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(state === "lost"), state === "lost" ? GRACE_MS : 0);
    return () => clearTimeout(timer);
  }, [state]);
  if (!shown) return null;
  return (
    <div className={styles.banner} role="alert">
      <IconPlugConnectedX size={16} aria-hidden />
      The server cannot be reached. What is shown may be old; it is brought up to date as soon as the server answers.
    </div>
  );
}
