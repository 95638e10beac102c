import { elasticsearchScenarios } from "./elasticsearch-scenarios.ts";
import { etcdScenarios } from "./etcd-scenarios.ts";
import { kafkaScenarios } from "./kafka-scenarios.ts";
import type { Scenario } from "./scene.ts";

/** Something of a cluster goes away, and the others go on. */
export const scenarios: readonly Scenario[] = [
  ...kafkaScenarios,
  ...elasticsearchScenarios,
  ...etcdScenarios,
];

/** What CI has time for. */
export const shortScenarios: readonly Scenario[] = scenarios.filter(({ name }) =>
  ["killed-broker", "silent-broker", "cut-off-host", "dead-node"].includes(name),
);
