import { expect, test } from "bun:test";
import { isRetryable } from "../../../../../../infra/console/app/explore/query/use-search.ts";
import { ApiError } from "../../../../../../infra/console/app/state/api.ts";

test("what the host refuses for what it asks does not succeed later", () => {
  const statuses = [400, 403, 404, 422, 0, 429, 500, 503];
  expect(statuses.filter((status) => isRetryable(new ApiError(status, "no")))).toEqual([0, 429, 500, 503]);
  expect(isRetryable(new Error("broke"))).toBe(true);
});
