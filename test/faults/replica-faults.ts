import { describe, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import type { Replica } from "../support/faults/replica.ts";
import type { Play, Stage } from "./play.ts";

const topics = [{ partitions: 4 }, { partitions: 1 }];

/** Waits until each host owns a partition, all partitions have owners, and the group is not rebalancing. */
async function untilShared({ world, plans, group }: Stage, hosts: readonly Replica[]): Promise<void> {
  await eventually(
    `${hosts.length} hosts share the partitions`,
    async () => {
      const statuses = await Promise.all(hosts.map(({ host }) => host.topics()));
      const ownedOf = (topic: string): number[] =>
        statuses.map((all) => {
          const partitions = all.find((status) => status.topic === topic)?.partitions ?? [];
          return partitions.filter(({ owned }) => owned).length;
        });
      const shared = plans.every(
        ({ topic, partitions }) => ownedOf(topic).reduce((sum, count) => sum + count, 0) === partitions,
      );
      const totals = hosts.map((_, at) =>
        plans.reduce((sum, { topic }) => sum + (ownedOf(topic)[at] ?? 0), 0),
      );
      const all = totals.every((total) => total > 0);
      const groups = await world.kafka.groups([group]);
      const settled = groups.every(
        ({ state, members }) => state === "Stable" && members.length === hosts.length,
      );
      if (all && shared && settled) return true;
      const owned = Object.fromEntries(plans.map(({ topic }) => [topic, ownedOf(topic)]));
      throw new Error(JSON.stringify({ owned, groups }));
    },
    360_000,
  );
}

/** Hosts that share a group, at full load. */
export function describeReplicaFaults(play: Play): void {
  describe("replicas", () => {
    test.concurrent(
      "a second and a third host join, and one leaves",
      () =>
        play({ fault: "two hosts join, one leaves", topics, atMostReplicas: 3 }, async (stage) => {
          const { replicas, addReplica, untilMoved } = stage;
          const [first] = replicas;
          const second = await addReplica();
          await untilShared(stage, [first, second]);
          await untilMoved();
          const third = await addReplica();
          await untilShared(stage, [first, second, third]);
          await untilMoved();
          await first.endWell();
          await untilShared(stage, [second, third]);
          await untilMoved();
        }),
      1_200_000,
    );

    test.concurrent(
      "one of two is killed",
      () =>
        play({ fault: "one of two SIGKILL", topics, replicas: 2 }, async (stage) => {
          const [first, second] = stage.replicas as readonly [Replica, Replica];
          await untilShared(stage, [first, second]);
          await eventually("a bulk is on its way", () => second.lane.traffic.inFlight > 0);
          await second.end("SIGKILL");
          stage.over();
          await untilShared(stage, [first]);
        }),
      1_200_000,
    );

    test.concurrent(
      "one of two stands still longer than its session, and wakes up when the other has its partitions",
      () =>
        play({ fault: "one of two SIGSTOP", topics, replicas: 2 }, async (stage) => {
          const [first, second] = stage.replicas as readonly [Replica, Replica];
          await untilShared(stage, [first, second]);
          await eventually("a bulk is on its way", () => second.lane.traffic.inFlight > 0);
          second.host.signal("SIGSTOP");
          await untilShared(stage, [first]);
          await stage.untilMoved();
          second.host.signal("SIGCONT");
          stage.over();
          await untilShared(stage, [first, second]);
        }),
      1_200_000,
    );

    test.concurrent(
      "one of two is cut off from Kafka, while Elasticsearch still answers it",
      () =>
        play({ fault: "one of two without Kafka", topics, replicas: 2 }, async (stage) => {
          const [first, second] = stage.replicas as readonly [Replica, Replica];
          await untilShared(stage, [first, second]);
          second.lane.kafka.block("requests");
          await untilShared(stage, [first]);
          await stage.untilMoved();
          second.lane.kafka.unblock();
          stage.over();
          await untilShared(stage, [first, second]);
        }),
      1_200_000,
    );
  });
}
