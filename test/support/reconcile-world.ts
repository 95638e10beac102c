import { targetKey } from "../../lib/rules/template/template-target.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import {
  reconcileTopics,
  type ReconcileDeps,
  type ReconcileInput,
  type ReconcileMemory,
  type ReconcileResult,
} from "../../functions/reconcile-topics.ts";
import type { StartOrder } from "../../functions/reconcile-topics/apply-plan.ts";
import type { Declaration } from "../../lib/rules/model/declaration.ts";
import type { DesiredTopic } from "../../lib/rules/declarations/desired.ts";
import type { EtcdReading } from "../../lib/rules/declarations/etcd-memory.ts";
import { fingerprintOf } from "../../lib/rules/secrets/fingerprint.ts";
import type { ObservedTopic } from "../../lib/rules/plan/plan.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";
import { settings } from "./settings.ts";

interface WorldTopic extends ObservedTopic {
  readonly reason: string | null;
  readonly order: StartOrder | null;
  readonly desired: DesiredTopic;
}

/** Everything reconcile touches, as data: sources, Kafka's topics, and running topics. An Error is thrown. */
export interface World {
  config: { settings: Settings; declarations: readonly Declaration[]; lastMayGoOn?: boolean } | Error;
  /** The array or text of each key. */
  etcd: { clusterId: string; revision: number; keys: Record<string, unknown> } | Error;
  kafka: Set<string> | Error;
  /** Brokers and nodes that do not answer a probe. */
  readonly unreachable: Set<string>;
  /** Topics whose consumers do not start. */
  readonly broken: Set<string>;
  /** Topics whose starts and replacements never end. */
  readonly hanging: Set<string>;
  templates: Set<string> | Error;
  /** By index pattern that the template cannot have: the reason. */
  readonly refusedPatterns: Map<string, string>;
  settingsError: Error | null;
  now: number;

  readonly topics: Map<string, WorldTopic>;
  inForce: Settings;
  /** In start order. */
  readonly replaced: string[];
  /** Started, and not running since. */
  readonly inReplacement: Set<string>;
  replacing: number;
  mostReplacing: number;
  newerTrigger: AbortController;
  onReplace: (topic: string) => void;
  /** Called while a run waits for the config file to settle. */
  onWait: () => void;

  /** One run, with the memory of the previous one. */
  look(changes?: Partial<ReconcileInput>): Promise<ReconcileResult>;
  /** Like a host: one run, and another after all sources settled, if it can tell more. */
  run(changes?: Partial<ReconcileInput>): Promise<ReconcileResult>;
  memory: ReconcileMemory;
  /** The running topics, sorted. */
  running(): string[];
}

export function createWorld(declarations: readonly Declaration[], kafka: readonly string[]): World {
  const atStart = settings();
  const world: World = {
    config: { settings: atStart, declarations },
    etcd: { clusterId: "c1", revision: 1, keys: {} },
    kafka: new Set(kafka),
    unreachable: new Set(),
    broken: new Set(),
    hanging: new Set(),
    templates: new Set(),
    refusedPatterns: new Map(),
    settingsError: null,
    now: 1_000_000,
    topics: new Map(),
    inForce: atStart,
    replaced: [],
    inReplacement: new Set(),
    replacing: 0,
    mostReplacing: 0,
    newerTrigger: new AbortController(),
    onReplace: () => {},
    onWait: () => {},
    memory: {
      settings: atStart,
      declarations: [],
      failedProbes: [],
      stillness: null,
      etcd: null,
      seenMissing: new Set(),
    },
    async run(changes = {}) {
      const result = await world.look(changes);
      if (!result.carriedOut || result.lookAgainMs === null) return result;
      world.now += result.lookAgainMs;
      return world.look(changes);
    },
    async look(changes = {}) {
      const { memory } = world;
      const wanted = { dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null };
      const result = await reconcileTopics({ memory, ...wanted, ...changes }, deps(world));
      if (result.carriedOut) world.memory = result.memory;
      return result;
    },
    running: () =>
      [...world.topics]
        .filter(([, { state }]) => state === "running")
        .map(([topic]) => topic)
        .toSorted(),
  };
  return world;
}

function deps(world: World): ReconcileDeps {
  const orThrow = <T>(value: T | Error): T => {
    if (value instanceof Error) throw value;
    return value;
  };
  const probe = (addresses: readonly string[]): void => {
    const dead = addresses.find((address) => world.unreachable.has(address));
    if (dead !== undefined) throw new Error(`${dead} does not answer`);
  };
  const launch = async (topic: string, order: StartOrder): Promise<string | null> => {
    const { desired, hash } = order;
    const { spec, sources } = desired;
    const bound = { spec, sources, hash, desired, order, reason: null, retryAtMs: 0 };
    world.topics.set(topic, { ...bound, state: "starting" });
    if (world.hanging.has(topic)) return new Promise(() => {});
    const unready = await order.ready.then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    const reason = unready ?? (world.broken.has(topic) ? "broken" : null);
    const state = reason === null ? "running" : "failed";
    world.topics.set(topic, { ...bound, state, reason, retryAtMs: world.now + 1_000 });
    if (reason === null) world.inReplacement.delete(topic);
    return reason;
  };
  return {
    newerTrigger: world.newerTrigger.signal,
    now: () => world.now,
    configPath: "config.yaml",
    async wait(ms) {
      world.now += ms;
      world.onWait();
    },
    readConfig() {
      const config = orThrow(world.config);
      return { lastMayGoOn: false, ...config, content: fingerprintOf(config) };
    },
    readEtcd: async () => toReading(orThrow(world.etcd)),
    async listTopics(wanted) {
      probe(wanted.brokers);
      return new Set(orThrow(world.kafka));
    },
    probeElasticsearch: async (wanted) => probe(wanted.nodes),
    async useSettings(wanted) {
      if (world.settingsError !== null) throw world.settingsError;
      world.inForce = wanted;
    },
    observed: () => new Map(world.topics),
    async ensureTemplate(patterns) {
      const templates = orThrow(world.templates);
      for (const pattern of patterns) templates.add(targetKey(pattern));
      return world.refusedPatterns;
    },
    start: launch,
    replacing: () =>
      new Map([...world.inReplacement].map((topic) => [topic, world.topics.get(topic)?.state ?? "stopping"])),
    async stop(topic) {
      world.topics.delete(topic);
    },
    async replace(topic, order) {
      world.replaced.push(topic);
      world.inReplacement.add(topic);
      world.replacing += 1;
      world.mostReplacing = Math.max(world.mostReplacing, world.replacing);
      world.onReplace(topic);
      // Like a real one, it lets others run in between.
      await Promise.resolve();
      const reason = await launch(topic, order);
      world.replacing -= 1;
      return reason;
    },
    async pend(topic, desired, reason) {
      const { spec, sources } = desired;
      const bound = { spec, sources, desired, reason, hash: null, order: null, retryAtMs: 0 };
      world.topics.set(topic, { ...bound, state: "pending" });
    },
    describe(topic, desired) {
      const known = world.topics.get(topic);
      if (known !== undefined) world.topics.set(topic, { ...known, desired, sources: desired.sources });
    },
  };
}

function toReading({ keys, ...head }: Exclude<World["etcd"], Error>): EtcdReading {
  return {
    ...head,
    keys: Object.entries(keys).map(([key, value]) => ({
      key,
      value: typeof value === "string" ? value : JSON.stringify(value),
      problem: null,
      modRevision: head.revision,
    })),
  };
}
