import { expect, test } from "bun:test";
import { textTable } from "../../../../infra/bench/report/text-table.ts";

test("a table has its numbers to the right, and a row that is cut short says why", () => {
  const text = textTable([
    ["", "one", "two"],
    ["a", "1", "12,345"],
    ["long name", "does not fit at all"],
  ]);
  expect(text).toBe("           one     two\na            1  12,345\nlong name  does not fit at all\n");
});
