import { expect, test } from "vitest";

import { bodyOf, namesIn, type Piece, sentence, tallied } from "./effects";

const types = (id: number) => (id === 15 ? "system.Model" : undefined);

function said(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if ("words" in piece) return piece.words;
      if ("code" in piece) return `'${piece.code}'`;
      if ("node" in piece) return piece.name ?? piece.node;
      return "type" in piece ? `(${piece.type})` : `[${piece.state}]`;
    })
    .join(" ");
}

test("a node that is new was created, another changed", () => {
  const body = { id: 7, type_id: 15, name: "m", state: 2, size_bytes: 1500, created_seq: 3, properties: { a: 1 } };
  expect(said(sentence({ kind: "artifact", body }, 3, types))).toBe(
    "Created m (system.Model) [LIVE] 1.5 KB · 1 property",
  );
  expect(said(sentence({ kind: "artifact", body: { id: 7, created_seq: 2 } }, 3, types))).toBe("Changed artifact:7");
});

test("a node without a name is called by the name people see", () => {
  const body = { id: 7, created_seq: 1, name: "", custom_properties: { display_name: "train" } };
  expect(said(sentence({ kind: "execution", body }, 1, types))).toBe("Created train 1 property");
});

test("a finished execution tells how long it took", () => {
  const body = { id: 1, type_id: 9, state: 4, started_ms: 1000, ended_ms: 3400, created_seq: 1 };
  expect(said(sentence({ kind: "execution", body }, 2, types))).toBe("Changed execution:1 [FAILED] took 2.4 s");
});

test.each([
  [
    "event",
    { execution: 1, type: 3, artifact: 2, path: ["data", 0, "x"] },
    "execution:1 read artifact:2 as 'data[0].x'",
  ],
  ["withdrawal", { execution: 1, type: 3, artifact: 2 }, "Withdrew that execution:1 read artifact:2"],
  ["attribution", { context: 1, artifact: 2 }, "Put artifact:2 into context:1"],
  ["association", { context: 1, execution: 2 }, "Put execution:2 into context:1"],
  ["parent_context", { context: 1, parent: 2 }, "Put context:1 inside context:2"],
  [
    "type",
    { name: "T", kind: 1, created_seq: 3, properties: { a: 1, b: 3 } },
    "Registered the type 'T' of artifacts, with a, b",
  ],
  ["novelty", {}, "Recorded 'novelty'"],
])("%s", (kind, body, words) => expect(said(sentence({ kind, body }, 3, types))).toBe(words));

test("a body told as text is read, nonsense is nothing", () => {
  expect(bodyOf('{"id": 7}')).toEqual({ id: 7 });
  expect(bodyOf("[")).toEqual({});
});

test("counts in words", () => {
  expect(tallied([{ kind: "artifact", count: 1 }, { kind: "event", count: 1200 }])).toBe("1 artifact, 1,200 events"); // prettier-ignore
});

test("nodes are called as the same change calls them", () => {
  const event = { kind: "event", body: { execution: 1, type: 4, artifact: 2 } };
  const names = namesIn([{ kind: "artifact", body: { id: 2, name: "table" } }, event]);
  expect(said(sentence(event, 3, types, names))).toBe("execution:1 wrote table");
});
