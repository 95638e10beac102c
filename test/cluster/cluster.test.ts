import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { OURS } from "../../infra/bench/kit/measurement.ts";
import { clusterRules } from "../simulation/conformance/cluster-rules.ts";
import { openRealCluster, type RealCluster } from "../simulation/conformance/real-cluster.ts";
import { clusterTable, problemsOf } from "../support/cluster/report.ts";
import { shortScenarios } from "../support/cluster/scenarios.ts";
import { type ClusterRow, playClusterScene, SHORT } from "../support/cluster/scene.ts";
import { type ClusterWorld, startClusterWorld } from "../support/cluster/world.ts";

/** A second member must be seen within half of it, also while nine servers start. */
const REBALANCE_DELAY_MS = 2_000;
const rows: ClusterRow[] = [];
let world: ClusterWorld;

beforeAll(async () => {
  world = await startClusterWorld({ groupRebalanceDelayMs: REBALANCE_DELAY_MS });
}, 1_200_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  process.stdout.write(`\n${clusterTable(rows)}`);
}, 240_000);

// A server that a failed test left frozen or dead would fail all later ones.
afterEach(() => world.heal(), 300_000);

// test/simulation/conformance.test.ts checks the same rules against simulated brokers.
describe("a real cluster", () => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await openRealCluster(world.stack.members.kafka, REBALANCE_DELAY_MS);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test.each(Object.entries(clusterRules))("%s", (_, rule) => rule(cluster));
});

for (const scenario of shortScenarios) {
  test(`${scenario.name}: two hosts lose nothing, double nothing and stop cleanly`, async () => {
    const row = await playClusterScene(world, scenario, {
      size: SHORT,
      seed: Date.now() % 1_000_000,
      who: OURS,
    });
    rows.push(row);
    expect(problemsOf(row)).toEqual([]);
  }, 2_400_000);
}
