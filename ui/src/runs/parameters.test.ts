import { describe, expect, it } from "vitest";

import { begin, changed, fieldOf, type Input, labelsOf, read } from "./parameters";

function input(name: string, type: string, more: Partial<Input> = {}): Input {
  return { name, type, artifact: false, optional: false, default: null, literals: [], ...more };
}

const INPUTS = [
  input("depth", "NUMBER_INTEGER", { optional: true, default: 3 }),
  input("rate", "NUMBER_DOUBLE"),
  input("title", "STRING"),
  input("fast", "BOOLEAN"),
  input("seeds", "LIST"),
  input("more", "STRUCT", { optional: true }),
  input("raw", "system.Dataset", { artifact: true, optional: true }),
];

describe("parameters", () => {
  it("begin with what was given, else with defaults", () => {
    expect(begin(INPUTS, { rate: 0.5, seeds: [1, 2] })).toEqual({
      depth: "3", rate: "0.5", title: "", fast: "", seeds: "[1,2]", more: "", raw: "",
    }); // prettier-ignore
  });

  it("are read by their kind; what is left out is its default", () => {
    const texts = { depth: "4", rate: "1e-3", title: "", fast: "true", seeds: "[7]", more: " ", raw: "file:///x" };
    expect(read(INPUTS, texts)).toEqual({
      values: { depth: 4, rate: 0.001, title: "", fast: true, seeds: [7], raw: "file:///x" },
      wrong: {},
    });
  });

  it("say what is wrong where it is", () => {
    const { wrong } = read(INPUTS, { depth: "4.5", rate: "x", title: "t", fast: "yes", seeds: "{}", more: "[]" });
    expect(Object.keys(wrong)).toEqual(["depth", "rate", "fast", "seeds", "more"]);
    expect(read([INPUTS[1] as Input], {}).wrong.rate).toContain("needs a value");
  });

  it("of a clone are only those that differ", () => {
    expect(changed({ a: 1, b: [2] }, { a: 1, b: [3] })).toEqual({ b: [2] });
  });

  it("and labels, and errors of the server, find their field", () => {
    expect(labelsOf("team=search, tier = 1")).toEqual([
      { key: "team", value: "search" },
      { key: "tier", value: "1" },
    ]);
    expect(labelsOf("team")).toBeNull();
    expect([fieldOf("parameters.depth", INPUTS), fieldOf("rate", INPUTS), fieldOf("spec", INPUTS)]).toEqual([
      "depth",
      "rate",
      "",
    ]);
  });
});
