import { applyPlan } from "../../functions/reconcile-topics/apply-plan.ts";
import { testNames } from "../support/topic-names.ts";
import type { Flow, FlowDeps } from "../../infra/host/flow.ts";
import type { RecordDecoder } from "../../lib/adapters/kafka/records/record-decoder.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import type { DesiredTopic } from "../../lib/rules/declarations/desired.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { planTopics } from "../../lib/rules/plan/plan.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import { kafkaSettings } from "../support/settings.ts";
import type { SimulatedDeadLetters } from "./dead-letters.ts";
import type { SimulatedDeclarations } from "./declarations.ts";
import type { SimulatedElasticsearch } from "./elasticsearch.ts";
import { createSimulatedProcess, type SimulatedProcess } from "./process.ts";
import { createSimulatedSentRecords } from "./sent-records.ts";
import type { Story } from "./story.ts";

export type CreateFlow = (deps: FlowDeps) => Flow;

/** One run of a host's moving parts, from its start to its end. */
export interface SimulatedHost {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly flow: Flow;
  /** True once it was told to stop. */
  readonly stopping: boolean;
  /** Null while it runs or stops. */
  readonly stopped: StoppedHost | null;
  /** Finishes, commits, leaves. */
  stop(): void;
}

export interface StoppedHost {
  /** True if everything was committed. */
  readonly clean: boolean;
  readonly atMs: number;
}

export interface HostWorld {
  readonly time: Time;
  readonly story: Story;
  readonly elasticsearch: SimulatedElasticsearch;
  readonly deadLetters: SimulatedDeadLetters;
  readonly declarations: SimulatedDeclarations;
  openWire(host: string): KafkaWire;
  createDecoder(time: Time): RecordDecoder;
  /** Null if Kafka does not answer. */
  listTopics(): ReadonlySet<string> | null;
  readonly createFlow: CreateFlow;
  readonly inFlightMaxBytes: number;
  /** `elasticsearch.bulk.concurrency` */
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
  readonly rememberTimers: boolean;
}

/** How late a host learns of a change: usually at once. */
const TOLD_MS = { least: 5, spread: 60, late: 4_000 } as const;
const LATE_SHARE = 0.15;
const RESYNC_MS = 3_000;
const CONTINUE_MS = 500;
export const DRAIN_MS = 25_000;

export function startSimulatedHost(name: string, world: HostWorld): SimulatedHost {
  const { time, story, declarations } = world;
  const process = createSimulatedProcess({ time, rememberTimers: world.rememberTimers });
  const kafka = kafkaSettings({ inFlightMaxBytes: world.inFlightMaxBytes });
  const settings = {
    kafka,
    bulk: {
      maxDocuments: 25,
      maxBytes: 8_000,
      concurrency: world.concurrency,
      requestTimeoutMs: world.requestTimeoutMs,
    },
  };
  const note = (what: string | (() => string)): void => story.note(name, what);
  let stopped: StoppedHost | null = null;
  let stopping = false;

  const flow = world.createFlow({
    isToMove: () => false,
    openWire: () => process.wire(world.openWire(name)),
    createDecoder: () => world.createDecoder(process.time),
    bulk: process.bulk(world.elasticsearch.bulk),
    deadLetters: {
      store: (letters, signal) => process.reach(world.deadLetters.store(letters, signal)),
    },
    sent: process.sent(createSimulatedSentRecords(world.elasticsearch)),
    time: process.time,
    logger: {
      debug: (message, fields) => note(() => `debug: ${message} ${JSON.stringify(fields)}`),
      info: (message, fields) => note(() => `info: ${message} ${JSON.stringify(fields)}`),
      warn: (message, fields) => note(() => `warn: ${message} ${JSON.stringify(fields)}`),
      error: (message, fields) => note(() => `error: ${message} ${JSON.stringify(fields)}`),
    },
    host: {
      id: name,
      profile: { name, version: "0.0.0", address: "http://127.0.0.1:1", startedAtMs: 0 },
    },
    settings: () => settings,
    keptForMs: () => null,
    names: () => testNames,
    holdOrder: () => null,
    events: {
      ofTopic: (topic) => ({
        consumed: (records) => note(() => `${topic}: ${records} records taken`),
        outcomes: (outcomes) => note(() => `${topic}: outcomes ${outcomesText(outcomes)}`),
        retried: (reason, records) => note(() => `${topic}: ${records} tried again: ${reason.message}`),
        gaveWay: () => {},
        setAside: () => note(() => `${topic}: a batch is set aside`),
        commitFailed: (error) => note(() => `${topic}: a commit failed: ${messageOf(error)}`),
      }),
      lost: (topic, ranges) => note(() => `${topic}: lost ${JSON.stringify(ranges)}`),
      failed: (topic, reason) => note(() => `${topic}: failed: ${reason}`),
      forgotten: (topic) => note(() => `${topic}: forgotten`),
    },
  });

  // The reconcile loop, on virtual time.
  let newer = new AbortController();
  let running: Promise<void> | null = null;
  let again = false;
  let callOff = (): void => {};
  const later = (ms: number): void => {
    callOff();
    callOff = stopping ? () => {} : process.time.after(ms, reconcile);
  };
  const reconcile = (): void => {
    if (stopping) return;
    if (running !== null) {
      again = true;
      newer.abort(new Error("a newer trigger waits"));
      return;
    }
    again = false;
    newer = new AbortController();
    running = runOnce()
      .then(
        (interrupted) => later(again ? 0 : interrupted ? CONTINUE_MS : RESYNC_MS),
        (error: unknown) => {
          note(() => `reconcile failed: ${messageOf(error)}`);
          later(RESYNC_MS);
        },
      )
      .finally(() => (running = null));
  };
  const runOnce = async (): Promise<boolean> => {
    const desired = new Map<string, DesiredTopic>();
    for (const [topic, spec] of declarations.present)
      desired.set(topic, { spec, sources: [{ kind: "etcd", name: "topics", revision: 1, entry: 0 }] });
    const kafkaTopics = world.listTopics();
    const plan = planTopics({
      desired,
      observed: flow.pool.observed(),
      kafkaTopics,
      kafkaError: kafkaTopics === null ? "no answer" : null,
      refused: [],
      excluded: [],
      now: process.time.now(),
    });
    const { pool } = flow;
    const { interrupted } = await applyPlan(
      { plan, desired, seenMissing: new Set() },
      {
        start: (topic, order) => pool.start(topic, order),
        stop: (topic) => pool.stop(topic),
        replace: (topic, order) => pool.replace(topic, order),
        pend: (topic, desired, reason) => pool.pend(topic, desired, reason),
        replacing: () => pool.replacing(),
        describe: (topic, desired) => pool.describe(topic, desired),
        ensureTemplate: () => Promise.resolve(new Map()),
        newerTrigger: newer.signal,
      },
    );
    return interrupted;
  };
  const unwatch = declarations.watch(() => {
    const { least, spread, late } = TOLD_MS;
    const ms = least + time.random() * (time.random() < LATE_SHARE ? late : spread);
    // This wait belongs to the network, so it is none of the host's timers.
    time.after(ms, () => void process.reach(Promise.resolve()).then(reconcile));
  });
  reconcile();

  return {
    name,
    process,
    flow,
    get stopping() {
      return stopping;
    },
    get stopped() {
      return stopped;
    },
    stop() {
      if (stopping) return;
      stopping = true;
      note("is told to stop");
      unwatch();
      callOff();
      newer.abort(new Error("the host is stopping"));
      void flow.stop(DRAIN_MS).then(
        (unclean) => {
          stopped = { clean: unclean.length === 0, atMs: time.monotonicMs() };
          note(() => `stopped, uncommitted: ${unclean.join(", ") || "nothing"}`);
        },
        (error: unknown) => {
          stopped = { clean: false, atMs: time.monotonicMs() };
          note(() => `stopping failed: ${messageOf(error)}`);
        },
      );
    },
  };
}

function outcomesText(outcomes: readonly (string | null)[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome ?? "open", (counts.get(outcome ?? "open") ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
}
