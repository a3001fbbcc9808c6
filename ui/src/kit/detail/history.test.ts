import { expect, test } from "vitest";

import { differences, type Version } from "./history";

const base: Version = {
  updatedSeq: 1,
  updatedMs: 0,
  name: "a",
  externalId: null,
  state: "RUNNING",
  properties: [],
  customProperties: [{ name: "n", kind: "INT", value: 1 }],
};

test("the first version tells all it says", () => {
  expect(differences(null, base)).toEqual([
    { what: "name", before: null, after: "a" },
    { what: "state", before: null, after: "RUNNING" },
    { what: "customProperties.n", before: null, after: "1" },
  ]);
});

test("a later one tells what came, changed and went", () => {
  const after: Version = {
    ...base,
    state: "COMPLETE",
    properties: [{ name: "x", kind: "STRUCT", value: { a: 1 } }],
    customProperties: [],
  };
  expect(differences(base, after)).toEqual([
    { what: "state", before: "RUNNING", after: "COMPLETE" },
    { what: "properties.x", before: null, after: '{"a":1}' },
    { what: "customProperties.n", before: "1", after: null },
  ]);
  expect(differences(base, base)).toEqual([]);
});
