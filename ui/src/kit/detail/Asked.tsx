import type { ReactNode } from "react";
import type { CombinedError } from "urql";

import { ErrorFace, Loading } from "../../shell/faces";

/** What was asked, once it is there; else how it stands. */
export function Asked<Data>({
  data,
  error,
  again,
  lines = 6,
  children,
}: {
  readonly data: Data | null | undefined;
  readonly error: CombinedError | undefined;
  readonly again: () => void;
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  if (data !== null && data !== undefined) return children(data);
  return error ? <ErrorFace error={error} retry={again} /> : <Loading lines={lines} />;
}
