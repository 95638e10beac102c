import { randomUUID } from "node:crypto";
import {
  reconcileTopics,
  type ReconcileDeps,
  type ReconcileMemory,
} from "../../functions/reconcile-topics.ts";
import type { StartOrder } from "../../functions/apply-plan.ts";
import { createMetrics } from "../../lib/adapters/metrics.ts";
import { parseConfig } from "../../lib/rules/config/config.ts";
import type { EtcdReading } from "../../lib/rules/etcd-memory.ts";
import { assign } from "../../lib/rules/group/assign.ts";
import { coveringTemplate } from "../../lib/rules/index-template.ts";
import type { ObservedTopic } from "../../lib/rules/plan.ts";
import { specificationHash } from "../../lib/rules/specification.ts";

/** How many of the topics, of one partition each, every host gets that joins the group with the others. */
export function spreadOf(topics: number, hosts: number): number[] {
  const wanted = topicNames(topics).toSorted();
  const members = Array.from({ length: hosts }, (_, n) => ({
    memberId: `penstock-${randomUUID()}`,
    subscription: { host: `host-${n}`, wanted, generation: -1, held: new Map(), leaving: new Map() },
  }));
  const { given } = assign(members, new Map(wanted.map((topic) => [topic, 1])));
  return [...given.values()].map((own) => own.size);
}

export interface RulesCost {
  readonly configParseMs: number | null;
  readonly etcdBytes: number;
  readonly firstReconcileMs: number;
  readonly steadyReconcileMs: number;
  readonly heapBytes: number;
  readonly hashMicroseconds: number;
  readonly metricsBytes: number;
  readonly metricsMs: number;
  readonly templateBytes: number;
}

const KEY_ENTRIES = 1_000;

/** The real rules and the reconcile handler, with servers that answer at once and hold everything in memory. */
export async function costOfRules(topics: number): Promise<RulesCost> {
  const names = topicNames(topics);
  const text = configText(names);
  let configParseMs: number | null = null;
  // Larger files are refused: so many topics are declared in etcd.
  if (Buffer.byteLength(text) <= 1024 * 1024) configParseMs = (await timed(() => parse(text))).ms;

  const reading = readingOf(names);
  Bun.gc(true);
  const heapBefore = process.memoryUsage().heapUsed;
  const world = createWorld(names, reading);
  const first = await timed(() => world.reconcile());
  if (first.result.started.length !== topics)
    throw new Error(`${first.result.started.length} topics started`);
  const steady = await timed(() => world.reconcile());
  if (steady.result.plan.keep.length !== topics) throw new Error("the second run was to keep all");
  Bun.gc(true);
  const heapBytes = process.memoryUsage().heapUsed - heapBefore;

  const orders = [...world.running.values()];
  const hashing = await timed(() => {
    for (const { order } of orders) specificationHash(order.desired.spec);
  });
  const metrics = createMetrics();
  for (const topic of names) {
    metrics.startTopic(topic);
    metrics.setLag(topic, new Map([[0, 0]]));
  }
  metrics.setTopics(names.map((topic) => ({ topic, state: "running" as const })));
  const exposed = await timed(() => metrics.text());
  return {
    configParseMs,
    etcdBytes: reading.keys.reduce((sum, { value }) => sum + Buffer.byteLength(value ?? ""), 0),
    firstReconcileMs: first.ms,
    steadyReconcileMs: steady.ms,
    heapBytes,
    hashMicroseconds: (hashing.ms * 1_000) / topics,
    metricsBytes: Buffer.byteLength(exposed.result),
    metricsMs: exposed.ms,
    templateBytes: Buffer.byteLength(JSON.stringify(coveringTemplate(null, names))),
  };
}

function topicNames(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `team-${n % 97}.service-${n}.log`);
}

function configText(names: readonly string[]): string {
  return [
    'kafka: { brokers: ["127.0.0.1:9092"] }',
    'elasticsearch: { nodes: ["http://127.0.0.1:9200"] }',
    'etcd: { endpoints: ["http://127.0.0.1:2379"], keys: ["logs/"] }',
    "topics:",
    ...names.map((name) => `  - ${name}`),
  ].join("\n");
}

function parse(text: string) {
  return parseConfig(text, { file: "config.yaml", environment: {}, readFile: () => "" });
}

function readingOf(names: readonly string[]): EtcdReading {
  const keys: EtcdReading["keys"][number][] = [];
  for (let from = 0; from < names.length; from += KEY_ENTRIES) {
    const entries = names.slice(from, from + KEY_ENTRIES);
    const value = JSON.stringify(
      entries.map((topic) => ({ topic, path: `/var/log/${topic}`, format: "json" })),
    );
    keys.push({ key: `logs/${from}`, value, problem: null, modRevision: 1 });
  }
  return { clusterId: "1", revision: 1, keys };
}

function createWorld(names: readonly string[], reading: EtcdReading) {
  const { settings } = parse(configText([]).replace("topics:", "topics: []"));
  const running = new Map<string, { readonly order: StartOrder; readonly observed: ObservedTopic }>();
  const inKafka = new Set(names);
  let memory: ReconcileMemory = {
    settings,
    declarations: [],
    failedProbes: [],
    stillness: null,
    etcd: null,
    seenMissing: new Set(),
  };
  const idle = async (): Promise<void> => {};
  const deps: ReconcileDeps = {
    newerTrigger: new AbortController().signal,
    now: () => Date.now(),
    configPath: "config.yaml",
    wait: () => Promise.resolve(),
    readConfig: () => ({ settings, declarations: [], lastMayGoOn: false, content: "" }),
    readEtcd: async () => reading,
    listTopics: async () => inKafka,
    probeElasticsearch: idle,
    useSettings: idle,
    ensureTemplate: async () => new Map(),
    observed: () => new Map([...running].map(([topic, { observed }]) => [topic, observed])),
    async start(topic, order) {
      const { spec, sources } = order.desired;
      const observed: ObservedTopic = { spec, sources, hash: order.hash, state: "running", retryAtMs: 0 };
      running.set(topic, { order, observed });
      return null;
    },
    stop: idle,
    replace: async () => null,
    pend: idle,
    replacing: () => new Map(),
    describe() {},
  };
  return {
    running,
    async reconcile() {
      const wanted = { dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null };
      const result = await reconcileTopics({ memory, ...wanted }, deps);
      ({ memory } = result);
      return result;
    },
  };
}

async function timed<T>(act: () => T | Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const from = performance.now();
  const result = await act();
  return { ms: performance.now() - from, result };
}
