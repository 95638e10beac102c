import { expect, test } from "bun:test";
import { judgePort } from "../../../../lib/rules/diagnosis/host.ts";

test.each([
  [{ kind: "free" }, "ok"],
  [{ kind: "penstock" }, "ok"],
  [{ kind: "taken" }, "failed"],
  [{ kind: "refused", reason: "EADDRNOTAVAIL" }, "failed"],
] as const)("%j is %s", (facts, state) => {
  expect(judgePort("127.0.0.1", 8080, facts)).toMatchObject({ name: "http 127.0.0.1:8080", state });
});
