import { describe, expect, test } from "bun:test";
import { type Costs, MEASURED, needsOf } from "../../../infra/bench/needs.ts";
import { simulateReconcile } from "../../../infra/bench/simulated-reconcile.ts";

const costs: Costs = {
  ...MEASURED,
  cpuPerMillion: { text: 2, json: 4 },
  elasticsearchCpuPerMillion: { text: 40, json: 90 },
  idleCpuPerTopic: 0,
};
const layout = { hostsPerCell: 3, utilization: 0.5 };

describe("what a load needs", () => {
  test("hosts enough for the records, in whole cells", () => {
    // 6 cores of work, each host half used: 12 hosts.
    const needs = needsOf({ topics: 90, recordsPerSecond: 3_000_000, format: "text" }, layout, costs);
    expect(needs).toMatchObject({ hosts: 12, cells: 4, topicsPerHost: 23, recordsPerHost: 250_000 });
    expect(needs.elasticsearchCores).toBeCloseTo(120);
    // One record a second more than fills them: another cell.
    const more = needsOf({ topics: 90, recordsPerSecond: 3_000_001, format: "text" }, layout, costs);
    expect(more.hosts).toBe(15);
    expect(needsOf({ topics: 90, recordsPerSecond: 3_000_000, format: "json" }, layout, costs).hosts).toBe(
      24,
    );
  });

  test("idle topics count on each host of a cell, and alone may need more cells", () => {
    const idle = { ...costs, idleCpuPerTopic: 0.001 };
    // 3 cores on each of the three hosts, of which half a core may be used: six cells.
    const needs = needsOf({ topics: 3_000, recordsPerSecond: 0, format: "text" }, layout, idle);
    expect(needs).toMatchObject({ cells: 6, topicsPerHost: 500, members: 9_000, idleCpuPerHost: 0.5 });
    expect(needs.idleRequests).toBeCloseTo(9_000 * MEASURED.requestsPerTopicPerSecond);
    expect(needs.socketsPerHost).toBe(500 * MEASURED.socketsPerTopic);
  });

  test("a share of a core that cannot be is refused", () => {
    const load = { topics: 1, recordsPerSecond: 1, format: "text" } as const;
    for (const utilization of [0, -1, 1.1, Number.NaN]) {
      expect(() => needsOf(load, { hostsPerCell: 1, utilization })).toThrow(`utilization is ${utilization}`);
    }
  });
});

test("the simulation runs every topic, and finds nothing to do afterwards", async () => {
  const { firstMs, steadyMs } = await simulateReconcile(1_500, 2);
  expect(firstMs).toBeGreaterThan(0);
  expect(steadyMs).toHaveLength(2);
});
