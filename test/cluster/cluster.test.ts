import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { clusterTable, problemsOf } from "../support/cluster/report.ts";
import { OURS } from "../../infra/bench/measurement.ts";
import { shortScenarios } from "../support/cluster/scenarios.ts";
import { type ClusterRow, playClusterScene, SHORT } from "../support/cluster/scene.ts";
import { type ClusterWorld, startClusterWorld } from "../support/cluster/world.ts";

const rows: ClusterRow[] = [];
let world: ClusterWorld;

beforeAll(async () => {
  world = await startClusterWorld();
}, 300_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  process.stdout.write(`\n${clusterTable(rows)}`);
}, 60_000);

// A server that a failed test left frozen or dead would fail all that come after it.
afterEach(() => world.heal(), 180_000);

for (const scenario of shortScenarios) {
  test(`${scenario.name}: two hosts lose nothing, double nothing and end well`, async () => {
    const row = await playClusterScene(world, scenario, {
      size: SHORT,
      seed: Date.now() % 1_000_000,
      who: OURS,
    });
    rows.push(row);
    expect(problemsOf(row)).toEqual([]);
  }, 300_000);
}
