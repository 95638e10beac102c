import type { Specification } from "../../lib/rules/declaration.ts";
import { GROUP, type Scene, TOPIC_NAMES } from "./scene.ts";
import type { SimulatedHost } from "./host.ts";

/** Something that was done to a scene. */
export interface Fault {
  /** As it is counted. */
  readonly kind: string;
  /** Who or what it was done to. */
  readonly to: string;
  /** Ends it; absent: it ends by itself, or never. */
  readonly end?: () => void;
}

interface FaultKind {
  readonly kind: string;
  readonly weight: number;
  /** True: because of it no document is sent twice. */
  readonly calm: boolean;
  /** @returns null: there is nothing at the moment that it could be done to */
  readonly inflict: (scene: Scene) => Omit<Fault, "kind"> | null;
}

/** @returns what was done; null: nothing */
export function inflictFault(scene: Scene): Fault | null {
  const kinds = scene.calm ? CALM_KINDS : KINDS;
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let at = scene.dice.next() * total;
  const { kind, inflict } = kinds.find(({ weight }) => (at -= weight) < 0) ?? {
    kind: "",
    inflict: () => null,
  };
  const fault = inflict(scene);
  if (fault === null) return null;
  scene.story.note("fault", () => `${kind}: ${fault.to}`);
  return { kind, ...fault };
}

const KINDS: readonly FaultKind[] = [
  {
    kind: "host killed",
    weight: 4,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        scene.killHost(host);
        startLater(scene);
        return { to: host.name };
      }),
  },
  {
    kind: "host stopped",
    weight: 4,
    calm: true,
    inflict: (scene) =>
      withHost(scene, (host) => {
        host.stop();
        startLater(scene);
        return { to: host.name };
      }),
  },
  {
    kind: "host started",
    weight: 2,
    calm: true,
    inflict: (scene) => (running(scene).length >= 3 ? null : { to: scene.startHost().name }),
  },
  {
    kind: "host frozen",
    weight: 5,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        host.process.freeze();
        const end = (): void => host.process.thaw();
        scene.later(spread(scene, 100, scene.dice.below(2) === 0 ? 2_000 : 14_000), end);
        return { to: host.name, end };
      }),
  },
  {
    kind: "host's clock set",
    weight: 1,
    calm: true,
    inflict: (scene) =>
      withHost(scene, (host) => {
        const ms = Math.round(spread(scene, -60_000, 120_000));
        host.process.setClock(ms);
        return { to: `${host.name} by ${ms} ms` };
      }),
  },
  {
    kind: "host cut off from Kafka",
    weight: 4,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        const { nodeIds, network } = scene.kafka;
        const brokers = scene.dice.below(2) === 0 ? null : [scene.dice.pick(nodeIds)];
        network.cut(host.name, brokers);
        scene.cutOff.add(host.name);
        const end = (): void => {
          network.mend(host.name);
          scene.cutOff.delete(host.name);
        };
        scene.later(spread(scene, 200, 12_000), end);
        return { to: `${host.name}, ${brokers === null ? "all brokers" : `broker ${brokers[0]}`}`, end };
      }),
  },
  {
    kind: "connections broken",
    weight: 2,
    calm: false,
    inflict: (scene) => {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.breakConnections(null, nodeId);
      return { to: `broker ${nodeId}` };
    },
  },
  {
    kind: "answers of brokers lost",
    weight: 3,
    calm: false,
    inflict: (scene) => {
      const oneIn = scene.dice.pick([3, 10, 40]);
      scene.kafka.loseAnswerOneIn = oneIn;
      const end = (): void => void (scene.kafka.loseAnswerOneIn = 0);
      scene.later(spread(scene, 300, 4_000), end);
      return { to: `one in ${oneIn}`, end };
    },
  },
  {
    kind: "network slow",
    weight: 2,
    calm: true,
    inflict: (scene) => {
      const { network } = scene.kafka;
      const { delays } = network;
      network.delays = { ...delays, spreadMs: 60, lateOneIn: 10 };
      const end = (): void => void (network.delays = delays);
      scene.later(spread(scene, 300, 3_000), end);
      return { to: "every way", end };
    },
  },
  {
    kind: "broker killed",
    weight: 4,
    calm: false,
    inflict: (scene) => downFor(scene, (nodeId) => scene.kafka.kill(nodeId)),
  },
  {
    kind: "broker stopped",
    weight: 2,
    calm: false,
    inflict: (scene) => downFor(scene, (nodeId) => scene.kafka.stop(nodeId)),
  },
  {
    kind: "broker frozen",
    weight: 3,
    calm: false,
    inflict(scene) {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      if (!allUp(scene)) return null;
      scene.kafka.freeze(nodeId, spread(scene, 200, scene.dice.below(2) === 0 ? 2_000 : 12_000));
      return { to: `broker ${nodeId}` };
    },
  },
  {
    kind: "leader moved",
    weight: 5,
    calm: true,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const to = scene.dice.pick(scene.kafka.nodeIds);
        scene.kafka.controller.moveLeader(topic, partition, to);
        return { to: `${topic}:${partition} to broker ${to}` };
      }),
  },
  {
    kind: "coordinator moved",
    weight: 3,
    calm: false,
    inflict(scene) {
      const to = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.moveCoordinator(GROUP, to);
      return { to: `to broker ${to}` };
    },
  },
  {
    kind: "fetch sessions evicted",
    weight: 3,
    calm: true,
    inflict(scene) {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.evictFetchSessions(nodeId);
      return { to: `broker ${nodeId}` };
    },
  },
  {
    kind: "retention",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const start = expire(scene, topic, partition);
        return start === null ? null : { to: `${topic}:${partition} begins at ${start}` };
      }),
  },
  {
    kind: "retention that outruns whoever reads",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        for (let batch = 0; batch < 12; batch += 1) scene.producers.write(topic, partition, 2);
        // Readable by then, and hardly read.
        scene.later(spread(scene, 2, 8), () => void expire(scene, topic, partition));
        return { to: `${topic}:${partition}` };
      }),
  },
  {
    kind: "topic created again",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic) => {
        const partitions = scene.kafka.partitionsOf(topic);
        scene.kafka.deleteTopic(topic);
        scene.later(spread(scene, 5, scene.dice.below(2) === 0 ? 200 : 4_000), () => {
          // Another fault may have created it by then.
          if (scene.kafka.topics().has(topic)) return;
          scene.createTopic(topic, partitions);
          scene.producers.hold(topic);
        });
        return { to: topic };
      }),
  },
  {
    kind: "partition added",
    weight: 1,
    calm: true,
    inflict: (scene) =>
      withPartition(scene, (topic) => {
        const upTo = scene.kafka.partitionsOf(topic) + 1;
        if (upTo > 5) return null;
        scene.kafka.addPartitions(topic, upTo);
        return { to: `${topic}, ${upTo} in all` };
      }),
  },
  {
    kind: "log cut off",
    weight: 1,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const log = scene.kafka.replicas(topic, partition)?.log;
        const end = cutOff(scene, topic, partition, (log?.start ?? 0) + scene.dice.below(log?.end ?? 1));
        if (end === null) return null;
        scene.producers.hold(topic);
        return { to: `${topic}:${partition} ends at ${end}` };
      }),
  },
  {
    kind: "another log while nobody reads it",
    weight: 2,
    calm: false,
    inflict(scene) {
      const declared = [...scene.declarations.present.values()];
      const gone = scene.dice.pick(declared);
      if (declared.length < 2 || gone === undefined) return null;
      const { topic } = gone;
      scene.declare(declared.filter((spec) => spec !== gone));
      const partition = scene.dice.below(Math.max(1, scene.kafka.partitionsOf(topic)));
      // Not read any more.
      for (let batch = 0; batch < 3; batch += 1)
        scene.later(UNREAD_AFTER_MS / 2 + batch, () => scene.producers.write(topic, partition, 2));
      scene.later(UNREAD_AFTER_MS, () => {
        if (scene.declarations.present.has(topic)) return;
        if (scene.dice.below(2) === 0) outgrow(scene, topic, partition);
        else expire(scene, topic, partition);
        scene.declare([...scene.declarations.present.values(), gone]);
      });
      return { to: topic };
    },
  },
  {
    kind: "topic undeclared",
    weight: 3,
    calm: true,
    inflict(scene) {
      const declared = [...scene.declarations.present.values()];
      if (declared.length < 2) return null;
      const gone = scene.dice.pick(declared);
      scene.declare(declared.filter((spec) => spec !== gone));
      const back = (): void => {
        if (!scene.declarations.present.has(gone.topic))
          scene.declare([...scene.declarations.present.values(), gone]);
      };
      if (scene.dice.below(3) > 0) scene.later(spread(scene, 20, 5_000), back);
      return { to: gone.topic };
    },
  },
  {
    kind: "topic declared",
    weight: 3,
    calm: true,
    inflict(scene) {
      const topic = TOPIC_NAMES.find((name) => !scene.declarations.present.has(name));
      if (topic === undefined) return null;
      scene.declare([...scene.declarations.present.values(), scene.specOf(topic)]);
      if (!scene.kafka.topics().has(topic))
        scene.later(spread(scene, 0, 1_500), () => {
          if (!scene.kafka.topics().has(topic)) scene.createTopic(topic, 1 + scene.dice.below(3));
        });
      return { to: topic };
    },
  },
  {
    kind: "settings changed",
    weight: 3,
    calm: true,
    inflict: (scene) =>
      changeSpec(scene, (spec) => ({ ...spec, path: `/var/log/${scene.dice.below(1_000)}` })),
  },
  {
    kind: "index changed",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      changeSpec(scene, (spec) => {
        scene.census.movesIndex(spec.topic);
        return { ...spec, index: `${spec.topic}-${scene.dice.below(3)}` };
      }),
  },
  ...(["busy", "failing", "refusing", "silent", "losing answers", "belated", "slow"] as const).map(
    (trouble): FaultKind => ({
      kind: `Elasticsearch ${trouble}`,
      weight: 1.5,
      calm: false,
      inflict(scene) {
        const share = scene.dice.pick([0.3, 0.7, 1]);
        scene.elasticsearch.troubleCluster(trouble, share);
        const end = (): void => scene.elasticsearch.troubleCluster(null, 0);
        scene.later(spread(scene, 100, 6_000), end);
        return { to: `${share * 100} % of the bulks`, end };
      },
    }),
  ),
  ...(["unallocated", "blocked", "slow", "busy"] as const).map((trouble): FaultKind => ({
    kind: `index ${trouble}`,
    weight: 1.5,
    calm: false,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        scene.elasticsearch.troubleIndex(index, trouble);
        const end = (): void => scene.elasticsearch.troubleIndex(index, null);
        scene.later(spread(scene, 200, 8_000), end);
        return { to: index, end };
      }),
  })),
  {
    kind: "index lost",
    weight: 1,
    calm: false,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        scene.elasticsearch.loseIndex(index);
        return { to: index };
      }),
  },
  ...(["failing", "missing"] as const).map((trouble): FaultKind => ({
    kind: `pipeline ${trouble}`,
    weight: 1,
    calm: false,
    inflict(scene) {
      scene.elasticsearch.troublePipeline("pipe", trouble);
      const end = (): void => scene.elasticsearch.troublePipeline("pipe", null);
      scene.later(spread(scene, 200, 6_000), end);
      return { to: "pipe", end };
    },
  })),
  ...(["refusing", "losing answers", "slow"] as const).map((trouble): FaultKind => ({
    kind: `dead letters ${trouble}`,
    weight: 1,
    calm: trouble === "slow",
    inflict(scene) {
      scene.deadLetters.trouble(trouble);
      const end = (): void => scene.deadLetters.trouble(null);
      scene.later(spread(scene, 200, 5_000), end);
      return { to: "their topic", end };
    },
  })),
  {
    kind: "backlog",
    weight: 3,
    calm: true,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const batches = 5 + scene.dice.below(15);
        for (let batch = 0; batch < batches; batch += 1)
          scene.producers.write(topic, partition, 1 + scene.dice.below(6));
        return { to: `${topic}:${partition}` };
      }),
  },
];

/** So long after it is not declared any more nobody reads a topic. */
const UNREAD_AFTER_MS = 6_000;

/** The end of the log is another one, and longer. */
function outgrow(scene: Scene, topic: string, partition: number): void {
  const log = scene.kafka.replicas(topic, partition)?.log;
  const { end } = log ?? { end: 0 };
  cutOff(scene, topic, partition, Math.max(0, end - 1 - scene.dice.below(6)));
  for (let batch = 0; batch < 4; batch += 1) scene.producers.write(topic, partition, 3);
}

/** Retention takes some of it. @returns where the log begins; null: there is none */
function expire(scene: Scene, topic: string, partition: number): number | null {
  const log = scene.kafka.replicas(topic, partition)?.log;
  if (log === undefined || log.end === log.start) return null;
  const start = scene.kafka.expire(topic, partition, log.end - scene.dice.below(log.end - log.start));
  scene.census.expired(topic, partition, start);
  return start;
}

/** @returns where the log ends; null: it was not cut off */
function cutOff(scene: Scene, topic: string, partition: number, from: number): number | null {
  const log = scene.kafka.replicas(topic, partition)?.log;
  if (log === undefined || from < log.start || from >= log.end) return null;
  // A transaction without its end would be open for ever.
  if (log.batches.some(({ transactional, lastOffset }) => transactional && lastOffset >= from)) return null;
  const end = scene.kafka.truncate(topic, partition, from);
  scene.census.truncated(topic, partition, end);
  return end;
}

/** So long that what waits for its outcome counts as stalled. */
const LONG_MS = 66_000;

/** Elasticsearch, or a part of it, does not do for a long time. @returns when that ends */
export function inflictLong(scene: Scene, atMs: number): number {
  const untilMs = atMs + LONG_MS + scene.dice.next() * 8_000;
  const { elasticsearch, deadLetters, time, dice, story } = scene;
  const specs = [...scene.declarations.present.values()];
  const [begin, end] = dice.pick([
    [() => elasticsearch.troubleIndex(dice.pick(specs).index, "blocked"), () => elasticsearch.heal()],
    [() => elasticsearch.troubleCluster("failing", 1), () => elasticsearch.heal()],
    [() => elasticsearch.troubleCluster("silent", 1), () => elasticsearch.heal()],
    [() => elasticsearch.troublePipeline("pipe", "failing"), () => elasticsearch.heal()],
    [() => deadLetters.trouble("refusing"), () => deadLetters.trouble(null)],
  ] as const);
  time.after(atMs, () => {
    story.note("fault", "something of Elasticsearch's is in trouble for long");
    begin();
  });
  time.after(untilMs, end);
  return untilMs;
}

/** Handovers above all: what is sent twice by one is seen only where nothing else makes anybody send twice. */
const CALM_KINDS = KINDS.filter(({ calm }) => calm).map(oftenWhereHandover);

function oftenWhereHandover(one: FaultKind): FaultKind {
  const hands = one.kind === "host started" || one.kind === "host stopped";
  return hands ? { ...one, weight: one.weight * 4 } : one;
}

export function running({ hosts }: Scene): SimulatedHost[] {
  return [...hosts].filter(({ stopped, stopping }) => stopped === null && !stopping);
}

function withHost(
  scene: Scene,
  inflict: (host: SimulatedHost) => Omit<Fault, "kind"> | null,
): Omit<Fault, "kind"> | null {
  const hosts = running(scene).filter(({ process }) => process.state === "running");
  return hosts.length === 0 ? null : inflict(scene.dice.pick(hosts));
}

function withPartition(
  scene: Scene,
  inflict: (topic: string, partition: number) => Omit<Fault, "kind"> | null,
): Omit<Fault, "kind"> | null {
  const topics = [...scene.kafka.topics()];
  if (topics.length === 0) return null;
  const topic = scene.dice.pick(topics);
  return inflict(topic, scene.dice.below(Math.max(1, scene.kafka.partitionsOf(topic))));
}

function withIndex(
  scene: Scene,
  inflict: (index: string) => Omit<Fault, "kind"> | null,
): Omit<Fault, "kind"> | null {
  const specs = [...scene.declarations.present.values()];
  return specs.length === 0 ? null : inflict(scene.dice.pick(specs).index);
}

function changeSpec(
  scene: Scene,
  change: (spec: Specification) => Specification,
): Omit<Fault, "kind"> | null {
  const specs = [...scene.declarations.present.values()];
  if (specs.length === 0) return null;
  const changed = scene.dice.pick(specs);
  scene.declare(specs.map((spec) => (spec === changed ? change(spec) : spec)));
  return { to: changed.topic };
}

function startLater(scene: Scene): void {
  scene.later(spread(scene, 50, 6_000), () => {
    if (!scene.closing && running(scene).length < 3) scene.startHost();
  });
}

/** Two of three go on: with one of them, nothing could be written. */
function downFor(scene: Scene, down: (nodeId: number) => void): Omit<Fault, "kind"> | null {
  if (!allUp(scene)) return null;
  const nodeId = scene.dice.pick(scene.kafka.nodeIds);
  down(nodeId);
  const end = (): void => scene.kafka.start(nodeId);
  scene.later(spread(scene, 1_000, 9_000), end);
  return { to: `broker ${nodeId}`, end };
}

function allUp({ kafka }: Scene): boolean {
  return kafka.nodeIds.every((nodeId) => kafka.isUp(nodeId) && kafka.controller.image.alive.has(nodeId));
}

function spread({ dice }: Scene, least: number, more: number): number {
  return least + dice.next() * more;
}
