import {
  reconcileTopics,
  type ReconcileDeps,
  type ReconcileMemory,
} from "../../functions/reconcile-topics.ts";
import { parseConfig } from "../../lib/rules/config/config.ts";
import type { EtcdReading } from "../../lib/rules/etcd-memory.ts";
import type { ObservedTopic } from "../../lib/rules/plan.ts";

/** What reconcile takes with servers that answer at once: the reading, merging and comparing that is ours. */
export interface SimulatedReconcile {
  /** The run that starts all topics, in milliseconds. */
  readonly firstMs: number;
  /** Runs that find everything as it should be. */
  readonly steadyMs: readonly number[];
}

const TOPICS_PER_KEY = 1_000;
const CONFIG = `kafka: { brokers: ["kafka:9092"] }
elasticsearch: { nodes: ["http://elasticsearch:9200"] }
etcd: { endpoints: ["http://etcd:2379"], keys: ["logs/"] }
`;

/** Runs the real handler over that many topics, declared in etcd, a thousand a key. */
export async function simulateReconcile(topics: number, steadyRuns: number): Promise<SimulatedReconcile> {
  const config = parseConfig(CONFIG, { file: "config.yaml", environment: {}, readFile: () => "" });
  const names = Array.from({ length: topics }, (_, n) => `app-log-${n}`);
  const inKafka = new Set(names);
  const etcd = readingOf(names);
  const running = new Map<string, ObservedTopic>();
  const deps: ReconcileDeps = {
    newerTrigger: new AbortController().signal,
    now: () => performance.now(),
    configPath: "config.yaml",
    readConfig: () => config,
    readEtcd: () => Promise.resolve(etcd),
    listTopics: () => Promise.resolve(inKafka),
    probeElasticsearch: () => Promise.resolve(),
    ensureTemplate: () => Promise.resolve(),
    useSettings: () => Promise.resolve(),
    observed: () => running,
    replacing: () => new Map(),
    async start(topic, { desired, hash }) {
      running.set(topic, { ...desired, hash, state: "running", retryAtMs: 0 });
      return null;
    },
    describe: () => {},
    pend: () => Promise.reject(new Error("nothing is to wait")),
    stop: () => Promise.reject(new Error("nothing is to be stopped")),
    replace: () => Promise.reject(new Error("nothing is to be replaced")),
  };

  let memory: ReconcileMemory = {
    settings: config.settings,
    declarations: [],
    failedProbes: [],
    etcd: null,
    seenMissing: new Set(),
  };
  const run = async (): Promise<number> => {
    const input = { memory, dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null };
    const result = await reconcileTopics(input, deps);
    memory = result.memory;
    return result.durationMs;
  };
  const firstMs = await run();
  if (running.size !== topics) throw new Error(`${running.size} of ${topics} topics run`);
  const steadyMs: number[] = [];
  while (steadyMs.length < steadyRuns) steadyMs.push(await run());
  return { firstMs, steadyMs };
}

function readingOf(names: readonly string[]): EtcdReading {
  const keys = Array.from({ length: Math.ceil(names.length / TOPICS_PER_KEY) }, (_, at) => ({
    key: `logs/${at}`,
    value: JSON.stringify(
      names
        .slice(at * TOPICS_PER_KEY, (at + 1) * TOPICS_PER_KEY)
        .map((topic) => ({ topic, path: `/var/log/${topic}.log`, format: "json" })),
    ),
    problem: null,
    modRevision: 1,
    listed: 0,
  }));
  return { clusterId: "simulated", revision: 1, keys };
}
