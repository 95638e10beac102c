import { expect, test } from "bun:test";
import { spansText } from "../../../../../infra/console/app/fleet/spans.ts";

test.each([
  [[], ""],
  [[3], "3"],
  [[0, 1], "0, 1"],
  [[0, 1, 2, 5], "0–2, 5"],
  [[0, 2, 4, 5, 6], "0, 2, 4–6"],
])("%p reads %p", (partitions, text) => {
  expect(spansText(partitions)).toBe(text);
});
