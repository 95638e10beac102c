import { afterAll, beforeAll } from "bun:test";
import { startStack, type Stack } from "../../../infra/stack/stack.ts";
import { addressesOf } from "../../../infra/stack/state.ts";
import { withRules } from "../../support/kafka-rules.ts";
import { type StackClients, useStack } from "../../support/stack-clients.ts";

/** Servers that tests kill, block and restrict one after another; each test restores them. */
export interface DisturbedWorld {
  readonly stack: Stack;
  /** With a group and a dead-letter topic that no other test uses. */
  useClients(): StackClients;
}

/** Boots them for the tests of a file. */
export function useDisturbedWorld(): DisturbedWorld {
  let stack: Stack | null = null;
  const demand = (): Stack => {
    if (stack === null) throw new Error("the servers were not started");
    return stack;
  };
  beforeAll(async () => {
    stack = await startStack({ kafkaProperties: withRules });
  }, 720_000);
  afterAll(() => stack?.stop());
  return {
    get stack() {
      return demand();
    },
    useClients: () => useStack(() => addressesOf(demand())),
  };
}
