import { useEffect, useState } from "react";

import { Empty } from "../../shell/faces";
import { count, short } from "../format";
import styles from "./preview.module.css";

/** Pixels that are drawn at most: a file of some kilobytes may unpack to more memory than there is. */
const MOST_PIXELS = 64e6;

type Size = { readonly src: string; readonly width: number; readonly height: number };

/** An image, once its head has told that it can be drawn. */
export function Picture({ src, label }: { readonly src: string; readonly label: string }) {
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    const image = new Image(); // in no document: its head is read, its pixels are not unpacked
    const told = () => setSize({ src, width: image.naturalWidth, height: image.naturalHeight });
    image.onload = told;
    image.onerror = () => setSize({ src, width: -1, height: -1 });
    image.src = src;
    return () => {
      image.onload = image.onerror = null;
    };
  }, [src]);
  const broken = () => setSize({ src, width: -1, height: -1 });
  if (size?.src !== src) return <div className={styles.waits} aria-busy="true" />;
  if (size.width < 0)
    return <Empty title="Not to be drawn">Its bytes are not those of a whole image that a browser can draw.</Empty>;
  if (size.width * size.height > MOST_PIXELS)
    return (
      <Empty title="Too large to be drawn">
        It has {count(size.width)} × {count(size.height)} pixels.
      </Empty>
    );
  return <img className={styles.image} alt={short(label, 200)} src={src} onError={broken} />;
}
