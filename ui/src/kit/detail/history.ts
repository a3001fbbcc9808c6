import type { Property } from "../PropertyList";
import { exactText } from "../Value";

/** A node as it stood after a change. */
export interface Version {
  readonly updatedSeq: number;
  readonly updatedMs: number;
  readonly name: string | null;
  readonly externalId: string | null;
  readonly state?: string | null;
  readonly properties: readonly Property[];
  readonly customProperties: readonly Property[];
  readonly uri?: string | null;
  readonly digest?: string | null;
  readonly sizeBytes?: number | null;
  readonly fingerprint?: string | null;
  readonly startedMs?: number | null;
  readonly endedMs?: number | null;
}

/** What one change made of one thing a node says of itself; null where it was not there. */
export interface Difference {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

const FIELDS = [
  "name",
  "externalId",
  "state",
  "uri",
  "digest",
  "sizeBytes",
  "fingerprint",
  "startedMs",
  "endedMs",
] as const;

/** What differs between a version and the one before it; of the first, all it says. */
export function differences(before: Version | null, after: Version): readonly Difference[] {
  const [was, is] = [before ? said(before) : new Map<string, string>(), said(after)];
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((what) => {
    const [a, b] = [was.get(what) ?? null, is.get(what) ?? null];
    return a === b ? [] : [{ what, before: a, after: b }];
  });
}

function said(version: Version): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const field of FIELDS) {
    const value = version[field];
    if (value !== null && value !== undefined) found.set(field, String(value));
  }
  for (const one of version.properties) found.set(`properties.${one.name}`, exactText(one.kind, one.value));
  for (const one of version.customProperties) found.set(`customProperties.${one.name}`, exactText(one.kind, one.value));
  return found;
}
