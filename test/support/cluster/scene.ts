import { seededRandom, type SeededRandom } from "../../../infra/bench/kit/random.ts";
import { eventually } from "../eventually.ts";
import { startTestHost, type TestHost } from "../host.ts";
import { produceSteadilyWithJava } from "../java-producer.ts";
import { type TestKafka, uniqueName } from "../kafka.ts";
import { countAll, type Counted } from "./counted.ts";
import { declareInEtcd } from "./declarations.ts";
import { endHost, type HostEnd } from "./end-host.ts";
import { reasonsOf, topicsOf, watchHosts } from "./watch.ts";
import type { ClusterWorld } from "./world.ts";

/** Hosts that work on a cluster during a fault. */
export interface ClusterScene {
  readonly world: ClusterWorld;
  readonly kafka: TestKafka;
  /** Topics that the producer writes to. */
  readonly topics: readonly string[];
  /** The groups of all topics. */
  readonly groups: readonly string[];
  /** The hosts' numbers, from 0. */
  readonly hosts: readonly number[];
  readonly random: SeededRandom;
  /** Declares the topic in etcd that already had records without a declaration. Waits until etcd has accepted it. */
  readonly declareLate: () => Promise<void>;
  /** Starts one more host. Waits until all partitions have one owner again. */
  readonly startHost: () => Promise<void>;
  /** Sends SIGKILL to a host, and stops watching it. */
  readonly killHost: () => Promise<void>;
}

/** A check of `/readyz`. */
export type Check = "kafka" | "elasticsearch" | "etcd" | "progress";

/** Something that happens to a cluster. */
export interface Scenario {
  readonly name: string;
  /** Its description in the table. */
  readonly about: string;
  /** Checks that rightly fail, because more than one member of three is down. */
  readonly unready?: readonly Check[];
  /** The hosts' route to Kafka, if not direct. */
  readonly way?: "own" | "narrow";
  /** The number of additional idle topics with one partition each. */
  readonly idleTopics?: number;
  /** Whether one of the topics is declared only by `declareLate`. */
  readonly late?: boolean;
  /** Called before the hosts start. */
  prepare?(world: ClusterWorld, random: SeededRandom): Promise<void>;
  /** Resolves when it is over: all servers run. */
  inflict(scene: ClusterScene): Promise<void>;
}

/** The size of a scene. */
export interface SceneSize {
  readonly hosts: number;
  readonly topics: number;
  readonly partitions: number;
  readonly perSecond: number;
}

/** For CI, and for a single broker. */
export const SHORT: SceneSize = { hosts: 2, topics: 4, partitions: 3, perSecond: 400 };
export const FULL: SceneSize = { hosts: 2, topics: 6, partitions: 6, perSecond: 600 };

export interface PlayOptions {
  readonly size: SceneSize;
  /** The seed of all random choices. */
  readonly seed: number;
  /** The Penstock whose hosts are started, with name and folder; undefined for this one. */
  readonly who: string;
  readonly checkout?: string | undefined;
}

/** The result of a scene. */
export interface ClusterRow extends Counted {
  readonly scenario: string;
  readonly who: string;
  /** The longest time without a new commit in some partition, although records were written continuously. */
  readonly stillnessMs: number;
  /** By host and reason: the number of `/readyz` answers other than 200, at two per second. */
  readonly unready: ReadonlyMap<string, number>;
  /** Checks that were allowed to fail. */
  readonly mayFail: readonly Check[];
  /** Of each host after SIGTERM. */
  readonly ends: readonly HostEnd[];
}

const MOVED_WITHIN_MS = 240_000;
/** The fault begins at a random moment of the load. */
const BEGINS_WITHIN_MS = 2_000;

/**
 * Hosts of one group move a steady load, with half of the topics declared in their file and half in etcd. Lets the
 * fault happen, waits until every partition moves again without lag, stops the hosts with SIGTERM, and compares every
 * offset of every partition with the documents.
 */
export async function playClusterScene(
  world: ClusterWorld,
  scenario: Scenario,
  { size, seed, who, checkout }: PlayOptions,
): Promise<ClusterRow> {
  const random = seededRandom(seed);
  const run = uniqueName("cluster");
  const topics = Array.from({ length: size.topics }, (_, n) => `${run}.t${n}`);
  const idle = Array.from({ length: scenario.idleTopics ?? 0 }, (_, n) => `${run}.idle${n}`);
  await using resources = new AsyncDisposableStack();
  const kafka = resources.use(await world.connectKafka());
  for (const topic of topics) await kafka.createTopic(topic, size.partitions);
  for (const topic of idle) await kafka.createTopic(topic);
  const inFile = topics.slice(0, size.topics / 2);
  const inEtcd = topics.slice(size.topics / 2);
  let declared = scenario.late === true ? topics.slice(0, -1) : topics;
  await declareInEtcd(
    world,
    run,
    inEtcd.filter((topic) => declared.includes(topic)),
  );
  const deadLetterTopic = `${run}.dead`;
  const hosts: TestHost[] = [];
  let started = 0;
  const addHost = async (): Promise<void> => {
    const number = started++;
    const config = {
      kafka: { brokers: brokersFor(world, scenario, number), group: run },
      elasticsearch: { nodes: world.nodes, bulk: { requestTimeout: "5s" } },
      etcd: { endpoints: world.etcdEndpoints, keys: [run] },
      deadLetters: { topic: deadLetterTopic },
      topics: [...inFile, ...idle],
      shutdown: { deadline: "20s" },
    };
    hosts.push(resources.use(await startTestHost(config, { ...(checkout && { checkout }) })));
  };
  const untilSettled = (): Promise<unknown> =>
    eventually(
      "every host runs all topics and is ready, and every partition has one owner",
      () => isSettled(hosts, declared.length + idle.length, declared.length * size.partitions + idle.length),
      MOVED_WITHIN_MS,
    );

  await scenario.prepare?.(world, random);
  await Promise.all(Array.from({ length: size.hosts }, addHost));
  await untilSettled();

  const load = resources.use(
    await produceSteadilyWithJava(world.brokers, topics, {
      perSecond: size.perSecond,
      partitions: size.partitions,
      kafka: world.kafkaVersion,
    }),
  );
  const watch = watchHosts(hosts, () => declared.length * size.partitions, idle);
  resources.defer(() => watch.stop());
  await watch.untilAllMoved(MOVED_WITHIN_MS);
  if (world.nodes.length > 1) await untilReplicated(world, declared);
  watch.beginStillness();
  await Bun.sleep(random.below(BEGINS_WITHIN_MS));
  await scenario.inflict({
    world,
    kafka,
    topics,
    groups: [run],
    hosts: Array.from({ length: size.hosts }, (_, host) => host),
    random,
    async declareLate() {
      await declareInEtcd(world, run, inEtcd);
      declared = topics;
    },
    async startHost() {
      await addHost();
      await untilSettled();
    },
    async killHost() {
      const [killed] = hosts.splice(0, 1);
      killed?.signal("SIGKILL");
      await killed?.exited;
    },
  });
  await watch.untilAllMoved(MOVED_WITHIN_MS);
  // One host may still hold partitions that the other has taken over.
  await untilSettled();
  const { stillnessMs } = watch;

  const sent = await load.stop();
  // A new client, because the first may still wait for a failed server.
  const counter = resources.use(await world.connectKafka());
  await eventually("all is committed", () => allCommitted(counter, run, topics), MOVED_WITHIN_MS);
  await watch.stop();
  const ends = await Promise.all(hosts.map((host) => endHost(host)));
  return {
    scenario: scenario.about,
    who,
    ...(await countAll(world, counter, { topics, partitions: size.partitions, sent, deadLetterTopic })),
    stillnessMs,
    unready: watch.unready,
    mayFail: scenario.unready ?? [],
    ends,
  };
}

function brokersFor(world: ClusterWorld, { way }: Scenario, host: number): readonly string[] {
  if (way === "own") return world.routeOf(host).brokers;
  return way === "narrow" ? world.narrowRoute.brokers : world.brokers;
}

/** If a node with the only copy of an index fails, the index is missing until the node is back. */
export async function untilReplicated(world: ClusterWorld, indices: readonly string[]): Promise<void> {
  const path = `/_cluster/health/${indices.join()}`;
  await eventually(
    "every index has its replica",
    async () => (await world.elasticsearch.request("GET", path)).body["status"] === "green",
    MOVED_WITHIN_MS,
  );
}

async function isSettled(hosts: readonly TestHost[], topics: number, partitions: number): Promise<boolean> {
  const found = (await Promise.all(hosts.map(topicsOf))).flat();
  const owned = found.flatMap((topic) => topic.partitions.filter((partition) => partition.owned));
  return (
    found.filter(({ state }) => state === "running").length === topics * hosts.length &&
    owned.length === partitions &&
    (await Promise.all(hosts.map(reasonsOf))).flat().length === 0
  );
}

async function allCommitted(kafka: TestKafka, run: string, topics: readonly string[]): Promise<boolean> {
  for (const topic of topics) {
    const committed = await kafka.committed(run, topic);
    for (const [partition, end] of await kafka.ends(topic)) {
      if (committed.get(partition) !== end) return false;
    }
  }
  return true;
}
