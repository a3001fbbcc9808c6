import { lazy, Suspense } from "react";

import { Part } from "../kit/detail/Detail";
import { Loading } from "../shell/faces";

const MiniGraph = lazy(() => import("../lineage/MiniGraph").then((made) => ({ default: made.MiniGraph })));

/** The drawing of what lies around a node, loaded when it is shown. */
export function Lineage({ id, height }: { readonly id: string; readonly height: number }) {
  return (
    <Suspense fallback={<Loading lines={4} />}>
      <MiniGraph id={id} height={height} />
    </Suspense>
  );
}

/** The same as a part of a page. */
export function LineagePart({ id }: { readonly id: string }) {
  return (
    <Part title="Lineage" wide>
      <Lineage id={id} height={240} />
    </Part>
  );
}
