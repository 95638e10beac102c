import { CLUSTER_MEMBERS, type Stack } from "../../../infra/stack/stack.ts";
import { bootStack } from "../../../infra/stack/boot.ts";
import type { Server } from "../../../infra/stack/server.ts";
import { testElasticsearch, type TestElasticsearch } from "../elasticsearch.ts";
import { eventually } from "../eventually.ts";
import { connectTestKafka, type TestKafka } from "../kafka.ts";

/** Three of each server, which may be killed and frozen, and where a host finds them. */
export interface ClusterWorld extends AsyncDisposable {
  readonly stack: Stack;
  readonly brokers: readonly string[];
  readonly nodes: readonly string[];
  readonly etcdEndpoints: readonly string[];
  readonly elasticsearch: TestElasticsearch;
  /** One that remembers nothing of a fault. */
  connectKafka(): Promise<TestKafka>;
  /** Wakes and starts every server that a fault left frozen or dead, and waits until all replicas are in sync. */
  heal(): Promise<void>;
}

/** A node that does not answer is taken out after some 5 s and not after 30: what matters is what a host does afterwards. */
const FAULT_DETECTION = Object.fromEntries(
  ["follower_check", "leader_check"].flatMap((check) => [
    [`cluster.fault_detection.${check}.timeout`, "2s"],
    [`cluster.fault_detection.${check}.retry_count`, "2"],
  ]),
);
const IN_SYNC_WITHIN_MS = 60_000;

export async function startClusterWorld(signal?: AbortSignal): Promise<ClusterWorld> {
  const stack = await bootStack({
    members: CLUSTER_MEMBERS,
    elasticsearchSettings: FAULT_DETECTION,
    ...(signal && { signal }),
  });
  const { kafka, elasticsearch, etcd } = stack.members;
  const brokers = kafka.flatMap((broker) => broker.brokers);
  const connectKafka = (): Promise<TestKafka> => connectTestKafka(brokers);
  return {
    stack,
    brokers,
    nodes: elasticsearch.map(({ node }) => node),
    etcdEndpoints: etcd.flatMap(({ endpoints }) => endpoints),
    elasticsearch: testElasticsearch(stack.elasticsearch.node),
    connectKafka,
    async heal() {
      const servers: readonly Server[] = [...kafka, ...elasticsearch, ...etcd];
      for (const server of servers) if (server.pid !== undefined) server.thaw();
      await Promise.all(servers.map((server) => server.start()));
      await using client = await connectKafka();
      await untilInSync(client);
    },
    [Symbol.asyncDispose]: () => stack.stop(),
  };
}

/** Else the next broker that goes would leave partitions with too few. */
async function untilInSync({ kafka }: TestKafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await eventually(
      "all replicas are in sync",
      async () => {
        const { topics } = await admin.fetchTopicMetadata();
        return topics
          .flatMap(({ partitions }) => partitions)
          .every(({ isr, replicas }) => isr.length === replicas.length);
      },
      IN_SYNC_WITHIN_MS,
    );
  } finally {
    await admin.disconnect();
  }
}
