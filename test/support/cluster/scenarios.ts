import { elasticsearchScenarios } from "./elasticsearch-scenarios.ts";
import { etcdScenarios } from "./etcd-scenarios.ts";
import { kafkaScenarios } from "./kafka-scenarios.ts";
import type { Scenario } from "./scene.ts";

/** Parts of a cluster fail, and the others continue. */
export const scenarios: readonly Scenario[] = [
  ...kafkaScenarios,
  ...elasticsearchScenarios,
  ...etcdScenarios,
];

/** The scenarios that CI has time for. */
export const shortScenarios: readonly Scenario[] = scenarios.filter(({ name }) =>
  ["killed-broker", "silent-broker", "cut-off-host", "dead-node"].includes(name),
);
