import { expect, test } from "bun:test";
import { connectionBound } from "../../../../lib/rules/limits/connection-bound.ts";

test.each([
  [400, 200],
  [1_024, 512],
  [1_048_576, 1_000],
  [null, 1_000],
])("with %p file descriptors, at most %d connections are allowed", (limit, most) => {
  expect(connectionBound(limit)).toBe(most);
});
