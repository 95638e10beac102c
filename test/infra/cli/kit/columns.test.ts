import { expect, test } from "bun:test";
import { alignColumns } from "../../../../infra/cli/kit/columns.ts";

test("texts are aligned left and figures right, without spaces at the end of a line", () => {
  const rows = [
    ["", "one", "two"],
    ["long name", "1", "12,345"],
    ["a", "12", ""],
  ];
  expect(alignColumns(rows)).toEqual(["           one     two", "long name    1  12,345", "a           12"]);
  expect(alignColumns(rows, 2)).toEqual([
    "           one     two",
    "long name  1    12,345",
    "a          12",
  ]);
});
