import { Etcd3 } from "etcd3";
import { eventually } from "../eventually.ts";
import { lettersIn, truthOf } from "../faults/verify.ts";
import { startTestHost, type TestHost } from "../host.ts";
import { produceSteadilyWithJava } from "../java-producer.ts";
import { type TestKafka, uniqueName } from "../kafka.ts";
import { endHost, type HostEnd } from "./end-host.ts";
import { reasonsOf, topicsOf, watchHosts } from "./watch.ts";
import type { ClusterWorld } from "./world.ts";

/** Hosts at work on a cluster, while something happens to it. */
export interface ClusterScene {
  readonly world: ClusterWorld;
  readonly kafka: TestKafka;
  readonly topics: readonly string[];
}

/** Something that happens to a cluster. */
export interface Scenario {
  readonly name: string;
  /** For the table. */
  readonly about: string;
  /** Resolves when it is over: all servers run. */
  inflict(scene: ClusterScene): Promise<void>;
}

/** What became of it all. */
export interface ClusterRow {
  readonly scenario: string;
  /** What Kafka holds: the end offsets together. */
  readonly records: number;
  readonly documents: number;
  /** Offsets without a document, and numbers that were acknowledged to the producer without one. */
  readonly lost: number;
  /** Offsets with more than one document. */
  readonly doubled: number;
  readonly deadLettered: number;
  /** The longest time in which the commit of some partition did not move, while records were written all the time. */
  readonly stillnessMs: number;
  /** By host and reason: how many of the answers of `/readyz`, two a second, were no 200. */
  readonly unready: ReadonlyMap<string, number>;
  /** Of each host, after SIGTERM. */
  readonly ends: readonly HostEnd[];
}

const HOSTS = 2;
const TOPICS = 4;
const PARTITIONS = 3;
const PER_SECOND = 400;
const MOVED_WITHIN_MS = 120_000;

/**
 * Two hosts of one group move steadily written records, half of the topics declared in their file and half in etcd. Lets the
 * fault happen, waits until every partition moves again and nothing lags, ends the hosts by SIGTERM, and compares every
 * offset of every partition with the documents.
 */
export async function playClusterScene(world: ClusterWorld, scenario: Scenario): Promise<ClusterRow> {
  const run = uniqueName("cluster");
  const topics = Array.from({ length: TOPICS }, (_, n) => `${run}.t${n}`);
  await using resources = new AsyncDisposableStack();
  const kafka = resources.use(await world.connectKafka());
  for (const topic of topics) await kafka.createTopic(topic, PARTITIONS);
  await declareInEtcd(world, run, topics.slice(TOPICS / 2));
  const config = {
    kafka: { brokers: world.brokers, group: run },
    elasticsearch: { nodes: world.nodes, bulk: { requestTimeout: "5s" } },
    etcd: { endpoints: world.etcdEndpoints, keys: [run] },
    deadLetters: { topic: `${run}.dead` },
    topics: topics.slice(0, TOPICS / 2),
    shutdown: { deadline: "20s" },
  };
  const hosts: TestHost[] = await Promise.all(
    Array.from({ length: HOSTS }, async () => resources.use(await startTestHost(config))),
  );
  await eventually("the hosts are settled and ready", () => settled(hosts), MOVED_WITHIN_MS);

  const load = resources.use(
    await produceSteadilyWithJava(world.brokers, topics, { perSecond: PER_SECOND, partitions: PARTITIONS }),
  );
  const watch = watchHosts(hosts, TOPICS * PARTITIONS);
  resources.defer(() => watch.stop());
  await watch.untilAllMoved(MOVED_WITHIN_MS);
  await untilReplicated(world, topics);
  watch.beginStillness();
  await scenario.inflict({ world, kafka, topics });
  await watch.untilAllMoved(MOVED_WITHIN_MS);
  // One may still hold on to partitions that the other has taken over.
  await eventually("the hosts are settled again", () => settled(hosts), MOVED_WITHIN_MS);
  const { stillnessMs } = watch;

  const sent = await load.stop();
  // Of its own: the first may still wait for what the fault took.
  const counter = resources.use(await world.connectKafka());
  await eventually("all is committed", () => allCommitted(counter, run, topics), MOVED_WITHIN_MS);
  await watch.stop();
  const ends = await Promise.all(hosts.map((host) => endHost(host)));

  const letters = await lettersIn(counter, config.deadLetters.topic);
  let [records, documents, lost, doubled, deadLettered] = [0, 0, 0, 0, 0];
  for (const topic of topics) {
    const acknowledged = sent.get(topic) ?? 0;
    const plan = { topic, partitions: PARTITIONS, format: "text", poisonEvery: 0 } as const;
    const truth = await truthOf(
      { kafka: counter, elasticsearch: world.elasticsearch },
      plan,
      letters,
      acknowledged,
    );
    records += truth.records;
    documents += truth.indexed;
    lost += truth.missing.length + truth.lostNumbers;
    doubled += truth.doubled.length;
    deadLettered += truth.deadLettered;
  }
  return {
    scenario: scenario.about,
    records,
    documents,
    lost,
    doubled,
    deadLettered,
    stillnessMs,
    unready: watch.unready,
    ends,
  };
}

/** A node that goes while it has the only copy of an index takes the index along until it is back. */
async function untilReplicated({ elasticsearch }: ClusterWorld, indices: readonly string[]): Promise<void> {
  const path = `/_cluster/health/${indices.join()}`;
  await eventually(
    "every index has its replica",
    async () => (await elasticsearch.request("GET", path)).body["status"] === "green",
    MOVED_WITHIN_MS,
  );
}

async function declareInEtcd(world: ClusterWorld, key: string, topics: readonly string[]): Promise<void> {
  const etcd = new Etcd3({ hosts: [...world.etcdEndpoints] });
  try {
    await etcd.put(key).value(JSON.stringify(topics.map((topic) => ({ topic }))));
  } finally {
    etcd.close();
  }
}

/** Every host runs all topics and is ready, and every partition has one owner. */
async function settled(hosts: readonly TestHost[]): Promise<boolean> {
  const topics = (await Promise.all(hosts.map(topicsOf))).flat();
  const owned = topics.flatMap(({ partitions }) => partitions.filter((partition) => partition.owned));
  return (
    topics.filter(({ state }) => state === "running").length === TOPICS * hosts.length &&
    owned.length === TOPICS * PARTITIONS &&
    (await Promise.all(hosts.map(reasonsOf))).flat().length === 0
  );
}

async function allCommitted(kafka: TestKafka, group: string, topics: readonly string[]): Promise<boolean> {
  for (const topic of topics) {
    const committed = await kafka.committed(group, topic);
    for (const [partition, end] of await kafka.ends(topic)) {
      if (committed.get(partition) !== end) return false;
    }
  }
  return true;
}
