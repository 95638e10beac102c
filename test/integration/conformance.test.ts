import { afterAll, beforeAll, describe, test } from "bun:test";
import { commitRules } from "../simulation/conformance/commit-rules.ts";
import { fetchRules } from "../simulation/conformance/fetch-rules.ts";
import { groupRules } from "../simulation/conformance/group-rules.ts";
import { openRealWorld, type RealWorld } from "../simulation/conformance/real-world.ts";
import { sessionRules } from "../simulation/conformance/session-rules.ts";
import type { Rule } from "../simulation/conformance/world.ts";
import { testStack } from "../support/stack.ts";

let world: RealWorld;
beforeAll(async () => {
  const { brokers } = await testStack();
  world = await openRealWorld(brokers, 0);
});
afterAll(() => world[Symbol.asyncDispose]());

const TRIES = 3;

/**
 * Rules measure times, and let sessions of 6 s expire. A machine that stands still for seconds breaks one now and then; a
 * broker that follows another rule breaks it each time.
 */
async function expectHeld(rule: Rule): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rule(world);
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

// test/simulation/conformance.test.ts checks the same rules against simulated brokers.
describe.each([
  ["groups", groupRules],
  ["commits", commitRules],
  ["fetches", fetchRules],
  ["fetch sessions", sessionRules],
] as const)("real %s", (_, rules) => {
  test.concurrent.each(Object.entries(rules))("%s", (_, rule) => expectHeld(rule), 240_000);
});
