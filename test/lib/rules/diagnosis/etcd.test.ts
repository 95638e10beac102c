import { expect, test } from "bun:test";
import { judgeEndpoints, judgeKey } from "../../../../lib/rules/diagnosis/etcd.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";

const down = new PenstockError("etcd_unavailable", "no connection");
const denied = new PenstockError("etcd_refused", "etcd refused: permission denied");

test("a refusal counts as an answer; another endpoint that is down is a warning", () => {
  const reached = new Map([
    ["a", denied],
    ["b", down],
  ]);
  expect(judgeEndpoints(reached).map(({ state }) => state)).toEqual(["ok", "warning"]);
  expect(judgeEndpoints(new Map([["b", down]]))[0]?.state).toBe("failed");
});

test.each([
  ["k", "that exists", 1, "ok"],
  ["k", "that is absent", 0, "warning"],
  ["logs/", "without keys below it", 0, "ok"],
  ["logs_*", "without keys below it", 0, "ok"],
  ["k", "that may not be read", denied, "failed"],
] as const)("key %s %s", (key, _, found, state) => {
  expect(judgeKey(key, found, null).state).toBe(state);
});

test("an entry whose keys all belong to an earlier one adds nothing, which is said", () => {
  expect(judgeKey("logs/a", 0, "logs/*")).toMatchObject({
    state: "warning",
    seen: "adds nothing to read: all its keys belong to logs/*, which etcd.keys lists before it",
  });
});

test("a missing permission and a refused login have different remedies", () => {
  expect(judgeKey("k", denied, null).remedy).toContain("grant");
  const login = new PenstockError("etcd_refused", "etcd refused: authentication failed, invalid user ID");
  expect(judgeKey("k", login, null).remedy).toContain("etcd.auth");
});
