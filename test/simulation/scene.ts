import { seededRandom, type SeededRandom } from "../../infra/bench/kit/random.ts";
import type { RecordDecoder } from "../../lib/adapters/kafka/records/record-decoder.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { sleep, type Time } from "../../lib/rules/base/time.ts";
import { specification } from "../support/records.ts";
import { kafkaSettings } from "../support/settings.ts";
import { createCensus } from "./census.ts";
import type { Census } from "./census-counts.ts";
import { createSimulatedDeadLetters, type SimulatedDeadLetters } from "./dead-letters.ts";
import { createSimulatedDeclarations, type SimulatedDeclarations } from "./declarations.ts";
import { createSimulatedElasticsearch, type SimulatedElasticsearch } from "./elasticsearch.ts";
import { type CreateFlow, type SimulatedHost, startSimulatedHost } from "./host.ts";
import { createSimulatedKafka, type SimulatedKafka } from "./kafka/cluster.ts";
import { simulatedDecoder } from "./kafka/decoder.ts";
import { createOwnership, type Ownership } from "./ownership.ts";
import { createProducers, type Producers } from "./producers.ts";
import type { TargetKind } from "./stored-documents.ts";
import { createStory, type Story } from "./story.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";

export const GROUP = kafkaSettings().group;
/** All topic names; a world uses the first few. */
export const TOPIC_NAMES = ["alpha", "bravo", "charlie", "delta", "echo"] as const;
export const REQUEST_TIMEOUT_MS = 5_000;

export interface SceneOptions {
  readonly seed: number;
  /** True if its story is put into words. */
  readonly told: boolean;
  readonly createFlow: CreateFlow;
}

/** One world made from a seed: servers, hosts and observers. */
export interface Scene {
  readonly time: VirtualTime;
  /** Decides what happens; servers and hosts have their own source of randomness. */
  readonly dice: SeededRandom;
  readonly story: Story;
  readonly kafka: SimulatedKafka;
  readonly elasticsearch: SimulatedElasticsearch;
  readonly deadLetters: SimulatedDeadLetters;
  readonly declarations: SimulatedDeclarations;
  readonly census: Census;
  readonly ownership: Ownership;
  readonly producers: Producers;
  /** `kafka.inFlight.maxBytes` of every host. */
  readonly inFlightMaxBytes: number;
  /** True if nothing makes anybody send a document twice. */
  readonly calm: boolean;
  /** Running and stopping hosts; killed ones are removed. */
  readonly hosts: ReadonlySet<SimulatedHost>;
  /** The names of hosts cut off from a broker. */
  readonly cutOff: Set<string>;
  /** How many documents were sent although they existed. */
  readonly doubles: number;
  /** How many pending acts of faults there are. */
  readonly dueActs: number;
  /** Schedules a part of a fault. */
  later(ms: number, act: () => void): void;
  /** True: no further host starts. */
  closing: boolean;
  startHost(): SimulatedHost;
  killHost(host: SimulatedHost): void;
  /** After it has stopped or been killed. */
  forget(host: SimulatedHost): void;
  createTopic(name: string, partitions: number): void;
  declare(specs: Iterable<Specification>): void;
  specOf(topic: string): Specification;
}

export function createScene({ seed, told, createFlow }: SceneOptions): Scene {
  const time = createVirtualTime(seededRandom(seed));
  const dice = seededRandom(seed ^ 0x5eed);
  const story = createStory(time, told);
  const census = createCensus();
  const declarations = createSimulatedDeclarations();
  const calm = dice.below(6) === 0;
  let doubles = 0;
  const elasticsearch = createSimulatedElasticsearch({
    time,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    shardTimeoutMs: 3_000,
    listener: {
      onWritten(index, id) {
        story.note("elastic", () => `${id} is written to ${index}`);
        census.written(index, id);
      },
      onThere(index, id) {
        doubles += 1;
        story.note("elastic", () => `${id} is in ${index} already`);
      },
      onLost(index) {
        census.indexLost(index);
      },
    },
  });
  const deadLetters = createSimulatedDeadLetters(time, (about) => {
    story.note("letters", () => `keeps ${about.topic}:${about.partition}:${about.offset}`);
    census.letter(about);
  });
  declareTargets(elasticsearch, seededRandom(seed ^ 0x57ea));
  const ownership = createOwnership({
    nowMs: () => time.monotonicMs(),
    onCommitted({ topic, partition, offset, metadata, order }) {
      story.note("kafka", () => `takes the commit of ${topic}:${partition} at ${offset}`);
      census.committed(topic, partition, offset, metadata, order);
    },
  });
  const kafka = createSimulatedKafka({
    time,
    random: seededRandom(seed ^ 0xca5ca),
    initialRebalanceDelayMs: dice.pick([0, 100, 1_000]),
    fetchSessionSlots: dice.pick([1_000, 1_000, 1_000, 2]),
    note: (actor, what) => story.note(actor, what),
    observe(call) {
      if (told) story.note(`broker${call.nodeId}`, () => callText(call));
      ownership.observe(call);
    },
  });
  const hosts = new Set<SimulatedHost>();
  const cutOff = new Set<string>();
  const producers = createProducers({
    time,
    dice,
    kafka,
    census,
    story,
    allHear: () =>
      kafka.nodeIds.every((nodeId) => kafka.isUp(nodeId)) &&
      kafka.loseAnswerOneIn === 0 &&
      [...hosts].every(({ name, process }) => process.state === "running" && !cutOff.has(name)),
  });
  const inFlightMaxBytes = dice.pick([20_000, 100_000, 10_000_000]);
  const concurrency = dice.pick([1, 3, 3]);
  let started = 0;
  let dueActs = 0;

  const scene: Scene = {
    time,
    dice,
    story,
    kafka,
    elasticsearch,
    deadLetters,
    declarations,
    census,
    ownership,
    producers,
    inFlightMaxBytes,
    calm,
    hosts,
    cutOff,
    get dueActs() {
      return dueActs;
    },
    later(ms, act) {
      dueActs += 1;
      time.after(ms, () => {
        dueActs -= 1;
        act();
      });
    },
    closing: false,
    get doubles() {
      return doubles;
    },
    startHost() {
      const name = `host${started}`;
      started += 1;
      story.note(name, "starts");
      const host = startSimulatedHost(name, {
        time,
        story,
        elasticsearch,
        deadLetters,
        declarations,
        openWire: (client) => ownership.watch(kafka.openWire(client)),
        createDecoder: decoderIn,
        listTopics: () => kafka.topics(),
        createFlow,
        inFlightMaxBytes,
        concurrency,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        rememberTimers: told,
      });
      hosts.add(host);
      return host;
    },
    killHost(host) {
      story.note(host.name, "is killed");
      host.process.kill();
      kafka.disconnect(host.name);
      hosts.delete(host);
    },
    forget(host) {
      hosts.delete(host);
    },
    createTopic(name, partitions) {
      story.note("kafka", `has topic ${name} of ${partitions} partitions`);
      census.created(name);
      kafka.createTopic(name, partitions);
    },
    declare(specs) {
      const next = new Map(Array.from(specs, (spec) => [spec.topic, spec]));
      story.note("etcd", () => `declares ${[...next.values()].map(specText).join(", ") || "nothing"}`);
      declarations.change(next);
    },
    specOf: (topic) =>
      declarations.present.get(topic) ??
      specification({ topic, index: topic, pipeline: topic === "charlie" ? "pipe" : null }),
  };
  return scene;
}

/** Of targets. Most of them move. */
const KINDS: readonly TargetKind[] = ["index", "stream", "stream", "alias"];

/** Some topics go to streams or aliases, also under the names that their declarations change to. */
function declareTargets({ documents }: SimulatedElasticsearch, dice: SeededRandom): void {
  for (const topic of TOPIC_NAMES)
    for (const name of [topic, ...otherNames(topic)]) {
      const kind = dice.pick(KINDS);
      if (kind !== "index") documents.declare(name, kind);
    }
}

/** The names that a declaration of the topic may change its index to. */
export function otherNames(topic: string): readonly string[] {
  return [0, 1, 2].map((n) => `${topic}-${n}`);
}

const DECODING = { slowShare: 0.1, slowMs: 20 } as const;

/** Simulated records decode at once; real ones sometimes take time. */
function decoderIn(time: Time): RecordDecoder {
  return {
    open(part) {
      const opened = simulatedDecoder.open(part);
      return {
        get position() {
          return opened.position;
        },
        get expectedBytes() {
          return opened.expectedBytes;
        },
        async decodeNext(maxBytes) {
          if (time.random() < DECODING.slowShare) await sleep(time, time.random() * DECODING.slowMs);
          return opened.decodeNext(maxBytes);
        },
      };
    },
  };
}

function specText({ topic, index, pipeline, message }: Specification): string {
  return `${topic} to ${index}${pipeline === null ? "" : ` by ${pipeline}`}${message === null ? "" : ` as ${message}`}`;
}

function callText({
  client,
  api,
  request,
  answer,
}: {
  client: string;
  api: string;
  request: object;
  answer: object;
}): string {
  return `${client} ${api} ${brief(request)} → ${brief(answer)}`;
}

function brief(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Uint8Array
      ? `${inner.length} bytes`
      : typeof inner === "object" && inner !== null && "batches" in inner
        ? (inner.batches as readonly { readonly baseOffset: number; readonly lastOffset: number }[]).map(
            ({ baseOffset, lastOffset }) => `${baseOffset}-${lastOffset}`,
          )
        : inner,
  );
}
