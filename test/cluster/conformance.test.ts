import { afterAll, afterEach, beforeAll, describe, test } from "bun:test";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { clusterRules } from "../simulation/conformance/cluster-rules.ts";
import { openRealCluster, type RealCluster } from "../simulation/conformance/real-cluster.ts";

const REBALANCE_DELAY_MS = 500;
let stack: Stack;
let cluster: RealCluster;

beforeAll(async () => {
  stack = await startStack({
    members: 3,
    elasticsearch: false,
    etcd: false,
    groupRebalanceDelayMs: REBALANCE_DELAY_MS,
  });
  cluster = await openRealCluster(stack.members.kafka, REBALANCE_DELAY_MS);
}, 180_000);
afterEach(() => cluster.heal(), 60_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await stack?.stop();
});

// The same rules are shown of simulated brokers in test/simulation/conformance.test.ts.
describe("a real cluster", () => {
  test.each(Object.entries(clusterRules))("%s", (_, rule) => rule(cluster));
});
