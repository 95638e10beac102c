import { strictIndex } from "../elasticsearch.ts";
import { eventually } from "../eventually.ts";
import { uniqueName } from "../kafka.ts";
import { AcknowledgedOffsets } from "./acknowledged.ts";
import { type CommitWatcher, watchCommits } from "./commit-watcher.ts";
import { type Load, type LoadRule, startLoad, type TopicPlan } from "./load.ts";
import { createReplica, type Replica } from "./replica.ts";
import type { FaultRow } from "./table.ts";
import { lettersIn, type TopicTruth, truthOf } from "./verify.ts";
import type { FaultWorld } from "./world.ts";

export interface SceneOptions {
  /** Its name in the table. */
  readonly fault: string;
  /** Hosts at the start; 1 by default. */
  readonly replicas?: number;
  /** The maximum number of hosts; by default the number at the start. */
  readonly atMostReplicas?: number;
  /** Without their names; by default one text topic with three partitions. */
  readonly topics?: readonly Partial<Omit<TopicPlan, "topic">>[];
  /** A flood by default. */
  readonly load?: LoadRule;
  /**
   * Creates what a topic's records go to, named like the topic, before a host starts; disposed when the records are
   * counted. By default the first record creates an index.
   */
  readonly createTarget?: (world: FaultWorld, topic: string) => Promise<AsyncDisposable>;
  /** Additions to a topic's declaration. */
  readonly declare?: (topic: string) => object;
  /** Additions to the hosts' config. */
  readonly config?: object;
  /** `bulk.requestTimeout`; by default longer than any answer takes on a slow machine. */
  readonly requestTimeout?: string;
  /** Time limit for recovery after the fault. */
  readonly recoverWithinMs?: number;
}

/** Working hosts during a fault. */
export interface Scene {
  readonly world: FaultWorld;
  readonly plans: readonly TopicPlan[];
  readonly group: string;
  /** In start order, including those that have ended. */
  readonly replicas: readonly Replica[];
  readonly acknowledged: AcknowledgedOffsets;
  readonly watcher: CommitWatcher;
  readonly load: Load;
  /** Starts one more host with the same config. */
  addReplica(): Promise<Replica>;
  /** Waits until this many more records have an outcome. */
  untilMoved(records?: number): Promise<void>;
  /** Marks the end of the fault and the start of recovery; by default when `inflict` resolves. */
  over(): void;
  /** Elasticsearch lost its documents: those with an outcome by now may be missing at the end. */
  documentsGone(): void;
}

/** The result of a scene, to be judged by the test. */
export interface SceneResult {
  readonly row: FaultRow;
  readonly truths: readonly TopicTruth[];
  /** Commits ahead of outcomes or documents, or decreasing; one sentence each. */
  readonly problems: readonly string[];
  /** Offsets with documents deleted along with Elasticsearch's data; they do not count as lost. */
  readonly gone: number;
  /** A host's config with the servers' direct addresses, for later checks. */
  readonly config: object;
  /** How often the group's commits were read during the scene. */
  readonly samples: number;
}

const FLOOD: LoadRule = { kind: "flood", backlog: 8_000, first: 20_000, perSecond: 2_000 };
const RECOVER_WITHIN_MS = 120_000;
const MOVED_WITHIN_MS = 120_000;

/**
 * Puts hosts under load, lets the fault happen, stops the load at its end, and waits until all hosts are ready without
 * lag. Then compares Kafka's records with those in Elasticsearch and the dead-letter topic.
 * @param inflict resolves when the fault is over
 */
export async function playScene(
  world: FaultWorld,
  options: SceneOptions,
  inflict: (scene: Scene) => Promise<void>,
): Promise<SceneResult> {
  const replicaCount = options.replicas ?? 1;
  await using resources = new AsyncDisposableStack();
  const lanes = resources.use(await world.reserve(options.atMostReplicas ?? replicaCount));
  const run = uniqueName("fault");
  const group = run;
  const deadLetters = `${run}.dead`;
  const plans = (options.topics ?? [{}]).map(({ partitions, format, poisonEvery }, n) => ({
    topic: `${run}.t${n}`,
    partitions: partitions ?? 3,
    format: format ?? "text",
    poisonEvery: poisonEvery ?? 0,
  }));
  for (const plan of plans) {
    await prepare(world, plan);
    if (options.createTarget !== undefined) resources.use(await options.createTarget(world, plan.topic));
  }

  const acknowledged = new AcknowledgedOffsets();
  const configFor = (broker: string, node: string): object => ({
    kafka: { brokers: [broker], group },
    elasticsearch: { nodes: [node], bulk: { requestTimeout: options.requestTimeout ?? "30s" } },
    deadLetters: { topic: deadLetters },
    topics: plans.map(({ topic, format }) => ({
      topic,
      format,
      ...(format === "json" && { rejected: "dead-letter" }),
      ...options.declare?.(topic),
    })),
    // What is in flight must be committed before it ends, also on a busy machine.
    shutdown: { deadline: "60s" },
    ...options.config,
  });

  const replicas: Replica[] = [];
  const addReplica = async (): Promise<Replica> => {
    const replica = resources.use(await createReplica(await lanes.open(acknowledged), configFor));
    replicas.push(replica);
    return replica;
  };
  for (let n = 0; n < replicaCount; n += 1) await addReplica();

  const { brokers } = world.stack.kafka;
  const watcher = watchCommits({
    brokers,
    elasticsearchNode: world.stack.elasticsearch.node,
    group,
    topics: plans,
    acknowledged,
  });
  resources.defer(() => watcher.stop());
  const load = startLoad(brokers, plans, options.load ?? FLOOD, () => acknowledged.total);
  resources.defer(() => load.stop());

  let gone: (topic: string, partition: number, offset: number) => boolean = () => false;
  let overAt: number | null = null;
  const scene: Scene = {
    world,
    plans,
    group,
    replicas,
    acknowledged,
    watcher,
    load,
    addReplica,
    async untilMoved(records = 2_000) {
      const wanted = acknowledged.total + records;
      await eventually(
        `${records} more records have an outcome`,
        () => acknowledged.total >= wanted,
        MOVED_WITHIN_MS,
      );
    },
    over() {
      overAt = performance.now();
    },
    documentsGone() {
      watcher.forgetDocuments();
      const before = acknowledged.copy();
      gone = (topic, partition, offset) => before.has(topic, partition, offset);
    },
  };
  await scene.untilMoved();
  await inflict(scene);

  overAt ??= performance.now();
  await load.stop();
  await untilWell(scene, options.recoverWithinMs ?? RECOVER_WITHIN_MS);
  const recoverySeconds = (performance.now() - overAt) / 1000;
  await watcher.stop();

  const letters = await lettersIn(world.kafka, deadLetters);
  const truths: TopicTruth[] = [];
  let goneCount = 0;
  for (const plan of plans) {
    const truth = await truthOf(world, plan, letters, load.acknowledged.get(plan.topic) ?? 0);
    const lost = truth.missing.filter(([partition, offset]) => !gone(plan.topic, partition, offset));
    goneCount += truth.missing.length - lost.length;
    truths.push({ ...truth, missing: lost });
  }
  const sum = (value: (truth: TopicTruth) => number): number =>
    truths.reduce((total, truth) => total + value(truth), 0);
  return {
    row: {
      fault: options.fault,
      sent: sum(({ records }) => records),
      indexed: sum(({ indexed }) => indexed),
      duplicates: acknowledged.duplicates,
      deadLettered: sum(({ deadLettered }) => deadLettered),
      lost: sum(({ missing }) => missing.length),
      doubled: sum(({ doubled }) => doubled.length),
      commits: acknowledged.commits,
      recoverySeconds,
      peakRssBytes: Math.max(...replicas.map((replica) => replica.peakRssBytes)),
    },
    truths,
    problems: [
      ...acknowledged.early.map((early) => `a commit was sent too early: ${JSON.stringify(early)}`),
      ...watcher.problems,
    ],
    gone: goneCount,
    config: configFor(brokers[0] ?? "", world.stack.elasticsearch.node),
    samples: watcher.samples,
  };
}

/** Creates the topic, and for one with poison an index with a field `n` that accepts only numbers. */
async function prepare(world: FaultWorld, plan: TopicPlan): Promise<void> {
  await world.kafka.createTopic(plan.topic, plan.partitions);
  if (plan.poisonEvery === 0) return;
  // The template would map it by the first document, which may be poisonous.
  await world.elasticsearch.demand(
    "PUT",
    `/${plan.topic}`,
    strictIndex({
      n: { type: "long" },
      kafka: {
        properties: {
          topic: { type: "keyword" },
          key: { type: "keyword" },
          partition: { type: "integer" },
          offset: { type: "long" },
        },
      },
    }),
  );
}

/** Whether all running hosts are ready and all records in Kafka are committed. */
async function untilWell({ world, plans, group, replicas }: Scene, withinMs: number): Promise<void> {
  let missing = "nothing was asked yet";
  const isWell = async (): Promise<boolean> => {
    for (const [n, replica] of replicas.entries()) {
      if (!replica.running) continue;
      missing = `host ${n} is not ready`;
      if (!(await replica.ready())) return false;
    }
    for (const { topic } of plans) {
      const committed = await world.kafka.committed(group, topic);
      for (const [partition, end] of await world.kafka.ends(topic)) {
        missing = `${topic}/${partition} is committed up to ${committed.get(partition)} of ${end}`;
        if (end > 0 && committed.get(partition) !== end) return false;
      }
    }
    return true;
  };
  try {
    await eventually("all is well again", isWell, withinMs);
  } catch (error) {
    throw new Error(`the hosts did not recover: ${missing}`, { cause: error });
  }
}
