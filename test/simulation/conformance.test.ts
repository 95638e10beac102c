import { describe, expect, test } from "bun:test";
import { clusterRules } from "./conformance/cluster-rules.ts";
import { commitRules } from "./conformance/commit-rules.ts";
import { fetchRules } from "./conformance/fetch-rules.ts";
import { groupRules } from "./conformance/group-rules.ts";
import { sessionRules } from "./conformance/session-rules.ts";
import { showSimulated, showSimulatedCluster } from "./conformance/simulated-world.ts";

// test/integration/conformance.test.ts checks the same rules against a real broker.
describe.each([
  ["groups", groupRules],
  ["commits", commitRules],
  ["fetches", fetchRules],
  ["fetch sessions", sessionRules],
] as const)("simulated %s", (_, rules) => {
  test.each(Object.entries(rules))("%s", (_, rule) => {
    for (let seed = 1; seed <= 5; seed += 1) showSimulated(rule, seed);
    expect.hasAssertions();
  });
});

describe("simulated clusters", () => {
  test.each(Object.entries(clusterRules))("%s", (_, rule) => {
    for (let seed = 1; seed <= 20; seed += 1) showSimulatedCluster(rule, seed);
    expect.hasAssertions();
  });
});
