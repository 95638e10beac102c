import { afterAll, beforeAll, describe, test } from "bun:test";
import { commitRules } from "../simulation/conformance/commit-rules.ts";
import { fetchRules } from "../simulation/conformance/fetch-rules.ts";
import { groupRules } from "../simulation/conformance/group-rules.ts";
import { openRealWorld, type RealWorld } from "../simulation/conformance/real-world.ts";
import { sessionRules } from "../simulation/conformance/session-rules.ts";
import { expectHeld } from "../support/expect-held.ts";
import { testStack } from "../support/stack.ts";

let world: RealWorld;
beforeAll(async () => {
  const { brokers } = await testStack();
  world = await openRealWorld(brokers, 0);
});
afterAll(() => world[Symbol.asyncDispose]());

// test/simulation/conformance.test.ts checks the same rules against simulated brokers.
describe.each([
  ["groups", groupRules],
  ["commits", commitRules],
  ["fetches", fetchRules],
  ["fetch sessions", sessionRules],
] as const)("real %s", (_, rules) => {
  test.concurrent.each(Object.entries(rules))("%s", (_, rule) => expectHeld(() => rule(world)), 240_000);
});
