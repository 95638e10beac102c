import type { KafkaServer } from "../../../infra/stack/servers/kafka.ts";
import { eventually } from "../../support/eventually.ts";
import { openRealWorld } from "./real-world.ts";
import type { ConformanceCluster } from "./world.ts";

export type RealCluster = ConformanceCluster & AsyncDisposable;

/** For brokers of the stack, whose node ids begin at 1. */
export async function openRealCluster(
  servers: readonly KafkaServer[],
  initialRebalanceDelayMs: number,
): Promise<RealCluster> {
  const world = await openRealWorld(
    servers.flatMap(({ brokers }) => brokers),
    initialRebalanceDelayMs,
  );
  return {
    ...world,
    nodeIds: servers.map((_, at) => at + 1),
    async kill(nodeId) {
      await servers[nodeId - 1]?.kill();
    },
    async heal() {
      await Promise.all(servers.map((server) => server.start()));
      await eventually("every broker is part of the cluster, and follows", async () => {
        const topics = await world.admin.fetchTopicMetadata();
        return topics.topics.every(({ partitions }) =>
          partitions.every(({ isr, replicas }) => isr.length === replicas.length),
        );
      });
    },
    async reassign(topic, partition, to) {
      const partitionAssignment = [{ partition, replicas: [to] }];
      await world.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    },
  };
}
