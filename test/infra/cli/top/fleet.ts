import type { FleetHost, FleetResult, FleetTopic } from "../../../../functions/fleet/model.ts";

const counts = { indexed: 1_234, duplicate: 0, deadLettered: 5, skipped: 0 };

/** A running topic, with the given changes. */
export function fleetTopic(topic: string, changes: Partial<FleetTopic> = {}): FleetTopic {
  return {
    topic,
    state: "running",
    retrying: false,
    reason: null,
    rate: 2.5,
    lag: 0,
    counts,
    partitions: [],
    ...changes,
  };
}

/** A host that answers, with the given changes. */
export function fleetHost(name: string, changes: Partial<FleetHost> = {}): FleetHost {
  return {
    name,
    version: "0.1.0",
    address: null,
    isSelf: false,
    startedAt: null,
    status: "answers",
    reason: null,
    since: null,
    partitions: 3,
    rate: 2.5,
    lag: 0,
    counts,
    ...changes,
  };
}

/** A group of these. */
export function fleetOf(hosts: readonly FleetHost[], topics: readonly FleetTopic[]): FleetResult {
  const totals = { rate: 2.5, lag: 12, counts };
  return { group: "penstock", problem: null, hosts, topics, topicCount: topics.length, totals };
}
