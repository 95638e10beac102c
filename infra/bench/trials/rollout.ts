import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";
import { type Arrivals, createArrivals } from "../load/arrivals.ts";
import { startBulkProxy } from "../stand-ins/bulk-proxy.ts";
import { type HostProcess, startHostProcess } from "../load/host-process.ts";
import { waitFor, type WaitOptions } from "../../stack/process/wait-for.ts";
import { type LoadedTopic, startSteadyLoad } from "../load/steady-load.ts";

/**
 * How one host replaces another:
 * - `surge`: the new one starts and gets ready, then the old one ends (Kubernetes: maxSurge 1, maxUnavailable 0);
 * - `gap`: the old one ends, then the new one starts (maxSurge 0, maxUnavailable 1);
 * - `kill`: the old one is killed, and the new one starts once other hosts move all its partitions.
 */
export type RolloutWay = "surge" | "gap" | "kill";

export interface RolloutOptions {
  readonly brokers: readonly string[];
  readonly elasticsearchNode: string;
  readonly producer: Producer;
  readonly topics: readonly LoadedTopic[];
  readonly recordsPerSecond: number;
  readonly group: string;
  readonly replicas: number;
  /** How long partitions are watched while nothing happens; 3 s by default. */
  readonly quietMs?: number;
  /** One after the other; each replaces all hosts. */
  readonly ways: readonly RolloutWay[];
  /** The pause between two steps, once nothing lags. */
  readonly settleMs: number;
  /** More keys for the hosts' config. */
  readonly config?: object;
  /** The folder of the Penstock to measure; undefined: this one. */
  readonly checkout?: string | undefined;
}

/** The replacement of one host. */
export interface RolloutStep {
  readonly way: RolloutWay;
  readonly exitCode: number;
  /** From the start of the new host's process until it was ready. */
  readonly readyAfterMs: number;
  /** From the signal until the old host's process had ended. */
  readonly exitAfterMs: number;
  /** The longest time without a new document, by partition. */
  readonly standstillsMs: readonly number[];
  /** The same for partitions that one of the other hosts owned before and after. */
  readonly keptMs: readonly number[];
  /** The same for partitions that the old host owned. */
  readonly leftMs: readonly number[];
  /** The most records that were acknowledged by Kafka and not indexed yet. */
  readonly lagPeak: number;
  /** From when the new host was ready and the old one had ended, until nothing lagged. */
  readonly backAfterMs: number;
  /** Documents sent twice. */
  readonly duplicates: number;
}

export interface Rollout {
  readonly steps: readonly RolloutStep[];
  /** How long the same partitions stand still while nothing happens. */
  readonly quietMs: readonly number[];
  /** Records acknowledged by Kafka, by topic. Their keys are the numbers below this count. */
  readonly sent: ReadonlyMap<string, number>;
  /** Documents created. */
  readonly created: number;
  /** Exit codes of the hosts that were running at the end. */
  readonly exitCodes: readonly number[];
}

const READY_EVERY_MS = 50;
const SAMPLE_EVERY_MS = 20;
/** Nothing lags if fewer records than this many seconds' worth are under way. */
const LAG_SECONDS = 0.5;
const QUIET_MS = 3_000;
/** By then the last bulks of a killed host have arrived. */
const LAST_BULKS_MS = 500;
const STEP_LIMIT_MS = 90_000;

/** Replaces every host of a set under a steady load, and records when each partition's documents arrive. */
export async function measureRollout(
  options: RolloutOptions,
  signal: AbortSignal,
  progress: (text: string) => void = () => {},
): Promise<Rollout> {
  const arrivals = createArrivals();
  await using resources = new AsyncDisposableStack();
  const proxy = resources.use(
    startBulkProxy(options.elasticsearchNode, (body, answer, at) => arrivals.take(body, answer, at)),
  );
  const start = async (): Promise<HostProcess> =>
    resources.use(
      await startHostProcess(
        {
          kafka: { brokers: options.brokers, group: options.group },
          elasticsearch: { nodes: [proxy.url.origin] },
          topics: options.topics.map(({ topic }) => topic),
          shutdown: { deadline: "20s" },
          ...options.config,
        },
        signal,
        options.checkout,
      ),
    );
  const sampling = { everyMs: SAMPLE_EVERY_MS, signal, withinMs: STEP_LIMIT_MS };
  const gettingReady = { everyMs: READY_EVERY_MS, withinMs: STEP_LIMIT_MS };
  progress(`starting ${options.replicas} hosts`);
  const hosts = await Promise.all(Array.from({ length: options.replicas }, start));
  await Promise.all(hosts.map((host) => host.untilReady(gettingReady)));

  const load = startSteadyLoad(options);
  resources.defer(() => load.stop().catch(() => {}));
  const lag = (): number => load.total - arrivals.created;
  const untilBack = (): Promise<true> =>
    waitFor("nothing lags", () => lag() <= options.recordsPerSecond * LAG_SECONDS, sampling);
  // The first records also wait for their indices.
  await sleep(2_000, undefined, { signal });
  await untilBack();
  await sleep(options.settleMs, undefined, { signal });
  const quietFrom = performance.now();
  await sleep(options.quietMs ?? QUIET_MS, undefined, { signal });
  const quietMs = [...arrivals.standstills(quietFrom, performance.now()).values()];

  const steps: RolloutStep[] = [];
  for (const way of options.ways) {
    for (let n = 0; n < options.replicas; n += 1) {
      progress(`${way}: replacing host ${n + 1} of ${options.replicas}`);
      const old = hosts.shift();
      if (old === undefined) break;
      const left = await old.owned();
      const owners = await ownersOf(hosts);
      const duplicatesBefore = arrivals.duplicates;
      const lagging = watchPeak(lag);
      const from = performance.now();
      const begin = async (): Promise<number> => {
        const startedAt = performance.now();
        const host = await start();
        await host.untilReady(gettingReady);
        hosts.push(host);
        return performance.now() - startedAt;
      };
      const end = async (): Promise<{ exitCode: number; exitAfterMs: number }> => {
        const toldAt = performance.now();
        const exitCode = await old.terminate(way === "kill" ? "SIGKILL" : "SIGTERM");
        const exitAfterMs = performance.now() - toldAt;
        if (way === "kill") await untilGoingOn(arrivals, left, sampling);
        return { exitCode, exitAfterMs };
      };
      const early = way === "surge" ? await begin() : null;
      const ended = await end();
      const readyAfterMs = early ?? (await begin());
      const doneAt = performance.now();
      await untilBack();
      const backAfterMs = performance.now() - doneAt;
      // A partition that stands still now is noticed when it goes on.
      await sleep(options.settleMs, undefined, { signal });
      const stills = arrivals.standstills(from, performance.now());
      const ownersAfter = await ownersOf(hosts);
      const kept = [...owners].filter(([place, owner]) => ownersAfter.get(place) === owner);
      steps.push({
        way,
        ...ended,
        readyAfterMs,
        backAfterMs,
        standstillsMs: [...stills.values()],
        keptMs: kept.map(([place]) => stills.get(place) ?? Number.NaN),
        leftMs: [...left].map((place) => stills.get(place) ?? Number.NaN),
        lagPeak: lagging.stop(),
        duplicates: arrivals.duplicates - duplicatesBefore,
      });
    }
  }
  await load.stop();
  await waitFor("all records are indexed", () => lag() <= 0, sampling);
  const exitCodes = await Promise.all(hosts.map((host) => host.terminate()));
  return { steps, quietMs, sent: load.sent, created: arrivals.created, exitCodes };
}

/** Returns the pid of each partition's owner. Partitions are named as in `standstills`. */
async function ownersOf(hosts: readonly HostProcess[]): Promise<ReadonlyMap<string, number>> {
  const owners = new Map<string, number>();
  for (const host of hosts) for (const place of await host.owned()) owners.set(place, host.pid);
  return owners;
}

/** Waits until each partition has a new document that the host which was just killed cannot have sent. */
async function untilGoingOn(
  arrivals: Arrivals,
  places: ReadonlySet<string>,
  sampling: WaitOptions,
): Promise<void> {
  const from = performance.now() + LAST_BULKS_MS;
  const goOn = (): boolean => {
    const spanMs = performance.now() - from;
    if (spanMs <= 0) return false;
    const still = arrivals.standstills(from, from + spanMs);
    return [...places].every((place) => (still.get(place) ?? spanMs) < spanMs);
  };
  await waitFor("the killed host's partitions go on", goOn, sampling);
}

function watchPeak(value: () => number): { stop(): number } {
  let peak = value();
  const timer = setInterval(() => (peak = Math.max(peak, value())), SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
