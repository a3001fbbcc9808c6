import { expect, test } from "vitest";

import { chosenColumns, type Column, leastWidth, nextSort, template, valueText } from "./columns";
import { moveOf } from "./move";

const columns: readonly Column<object>[] = [
  { id: "name", title: "Name", value: () => "", fixed: true, grow: 2, width: 200 },
  { id: "type", title: "Type", value: () => "", width: 100 },
  { id: "state", title: "State", value: () => "" },
];

test("columns stand as asked for; unknown ones are left out, those that cannot be hidden lead", () => {
  expect(chosenColumns(columns, ["state", "nonsense", "state"]).map((column) => column.id)).toEqual(["name", "state"]);
  expect(chosenColumns(columns, ["type", "name"]).map((column) => column.id)).toEqual(["type", "name"]);
});

test("room that is left goes to columns that grow, and to nobody once they were dragged", () => {
  expect(template(columns, {})).toBe("minmax(200px, 2fr) 100px 140px");
  expect(template(columns, { name: 90.4 })).toBe("90px 100px 140px minmax(0, 1fr)");
  expect(leastWidth(columns, { name: 90.4 })).toBe(330);
});

test("pressing a header turns the order around, another header begins anew", () => {
  expect(nextSort({ by: "NAME", down: false }, "NAME", false)).toEqual({ by: "NAME", down: true });
  expect(nextSort({ by: "NAME", down: false }, "CREATED", true)).toEqual({ by: "CREATED", down: true });
});

test("values are shown as they are", () => {
  expect([null, undefined, "x", 1.5, true, { a: [1] }].map(valueText)).toEqual([
    "",
    "",
    "x",
    "1.5",
    "true",
    '{"a":[1]}',
  ]);
});

test("keys move within the rows there are", () => {
  const stroke = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  expect(moveOf({ ...stroke, key: "ArrowDown" }, 4, 5, 10)).toEqual({ kind: "to", row: 4, extend: false });
  expect(moveOf({ ...stroke, key: "End" }, 0, 5, 10)).toEqual({ kind: "to", row: 4, extend: false });
  expect(moveOf({ ...stroke, key: "ArrowUp", shiftKey: true }, 3, 5, 10)).toEqual({ kind: "to", row: 2, extend: true });
  expect(moveOf({ ...stroke, key: " " }, 3, 5, 10)).toEqual({ kind: "toggle" });
  expect(moveOf({ ...stroke, key: "a", ctrlKey: true }, 3, 5, 10)).toEqual({ kind: "all" });
  expect(moveOf({ ...stroke, key: "ArrowLeft", altKey: true }, 3, 5, 10)).toBeNull();
});
