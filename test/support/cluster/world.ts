import { bootStack } from "../../../infra/stack/boot.ts";
import { DEFAULT_KAFKA, type KafkaVersion } from "../../../infra/stack/artifacts/kafka-versions.ts";
import type { Server } from "../../../infra/stack/process/server.ts";
import { CLUSTER_MEMBERS, type Stack } from "../../../infra/stack/stack.ts";
import { testElasticsearch, type TestElasticsearch } from "../elasticsearch.ts";
import { eventually } from "../eventually.ts";
import { connectTestKafka, type TestKafka } from "../kafka.ts";
import { openRoutes, type Route } from "./routes.ts";

/** Three of each server, or one, which may be killed and frozen, and their addresses. */
export interface ClusterWorld extends AsyncDisposable {
  readonly stack: Stack;
  readonly kafkaVersion: KafkaVersion;
  readonly brokers: readonly string[];
  readonly nodes: readonly string[];
  readonly etcdEndpoints: readonly string[];
  /** Through a running node. */
  readonly elasticsearch: TestElasticsearch;
  /** The own route to the brokers of the host with this number, from 0. */
  routeOf(host: number): Route;
  /** A route on which brokers limit connections per address, and new ones per second. */
  readonly narrowRoute: Route;
  /** A client without state from a fault. */
  connectKafka(): Promise<TestKafka>;
  /** Waits until all replicas are in sync: otherwise the next broker failure leaves some topics with too few. */
  untilInSync(): Promise<void>;
  /** Wakes and restarts every frozen or dead server, opens all routes, and waits until all replicas are in sync. */
  heal(): Promise<void>;
}

export interface ClusterWorldOptions {
  readonly signal?: AbortSignal;
  readonly kafka?: KafkaVersion;
  /** Number of each server; 3 by default. */
  readonly members?: 1 | typeof CLUSTER_MEMBERS;
  /** For the brokers; the stack's by default. */
  readonly groupRebalanceDelayMs?: number;
}

/** The number of hosts with their own route. */
export const MOST_HOSTS = 3;
/** Limits of a managed broker: connections per address, and new ones per second. */
export const CONNECTIONS_PER_ADDRESS = 100;
export const NEW_CONNECTIONS_PER_SECOND = 10;
const NARROW = "NARROW";
const NARROW_FROM = "127.0.0.9";

/** Removes a silent node after about 5 s instead of 30: these tests are about what a host does afterwards. */
const FAULT_DETECTION = Object.fromEntries(
  ["follower_check", "leader_check"].flatMap((check) => [
    [`cluster.fault_detection.${check}.timeout`, "2s"],
    [`cluster.fault_detection.${check}.retry_count`, "2"],
  ]),
);
const IN_SYNC_WITHIN_MS = 240_000;

export async function startClusterWorld(options: ClusterWorldOptions = {}): Promise<ClusterWorld> {
  const { kafka: kafkaVersion = DEFAULT_KAFKA, members = CLUSTER_MEMBERS, ...others } = options;
  const hostListeners = Array.from({ length: MOST_HOSTS }, (_, host) => `HOST${host + 1}`);
  await using opening = new AsyncDisposableStack();
  const routes = opening.use(
    await openRoutes(
      new Map([...hostListeners.map((name) => [name, "127.0.0.1"] as const), [NARROW, NARROW_FROM]]),
      members,
    ),
  );
  const stack = opening.use(
    await bootStack({
      members,
      kafka: kafkaVersion,
      kafkaListeners: Object.fromEntries(
        [...routes.byListener.keys()].map((name) => [name, "PLAINTEXT" as const]),
      ),
      kafkaAdvertisedPorts: routes.advertisedPorts,
      kafkaProperties: {
        "max.connections.per.ip.overrides": `${NARROW_FROM}:${CONNECTIONS_PER_ADDRESS}`,
        [`listener.name.${NARROW.toLowerCase()}.max.connection.creation.rate`]:
          String(NEW_CONNECTIONS_PER_SECOND),
      },
      elasticsearchSettings: FAULT_DETECTION,
      ...others,
    }),
  );
  const { kafka, elasticsearch, etcd } = stack.members;
  routes.leadTo(kafka);
  const brokers = kafka.flatMap((broker) => broker.brokers);
  const connectKafka = (): Promise<TestKafka> => connectTestKafka(brokers);
  const routeCalled = (listener: string | undefined): Route => {
    const route = routes.byListener.get(listener ?? "");
    if (route === undefined) throw new Error(`there is no way called ${listener}`);
    return route;
  };
  const untilInSync = async (): Promise<void> => {
    const look = async (): Promise<true> => {
      await using client = await connectKafka();
      const missing = await outOfSync(client);
      if (missing.length > 0) throw new Error(`out of sync: ${missing.slice(0, 10).join("; ")}`);
      return true;
    };
    await eventually("all replicas are in sync", look, IN_SYNC_WITHIN_MS);
  };
  const resources = opening.move();
  return {
    stack,
    kafkaVersion,
    brokers,
    nodes: elasticsearch.map(({ node }) => node),
    etcdEndpoints: etcd.flatMap(({ endpoints }) => endpoints),
    get elasticsearch() {
      const running = elasticsearch.find(({ pid }) => pid !== undefined) ?? stack.elasticsearch;
      return testElasticsearch(running.node);
    },
    routeOf: (host) => routeCalled(hostListeners[host]),
    narrowRoute: routeCalled(NARROW),
    connectKafka,
    untilInSync,
    async heal() {
      const servers: readonly Server[] = [...kafka, ...elasticsearch, ...etcd];
      for (const server of servers) if (server.pid !== undefined) server.thaw();
      await Promise.all([routes.heal(), ...servers.map((server) => server.start())]);
      await untilInSync();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/**
 * The partitions with fewer replicas in sync than they have, for people. Those with a single replica have none to wait for: since
 * Kafka 4 (KIP-966) one whose broker was killed may stay without a leader if `min.insync.replicas` is higher.
 */
async function outOfSync({ admin }: TestKafka): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata();
  return topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ isr, replicas }) => replicas.length > 1 && isr.length < replicas.length)
      .map(
        ({ partitionId, leader, isr, replicas }) =>
          `${name}:${partitionId} led by ${leader}, in sync ${isr.join(", ")} of ${replicas.join(", ")}`,
      ),
  );
}
