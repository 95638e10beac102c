import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";
import { type Arrivals, createArrivals } from "../load/arrivals.ts";
import { startBulkProxy } from "../stand-ins/bulk-proxy.ts";
import { type HostProcess, startHostProcess } from "../load/host-process.ts";
import { poll } from "../kit/poll.ts";
import { type LoadedTopic, type SteadyLoad, startSteadyLoad } from "../load/steady-load.ts";

/**
 * How one host takes the place of another:
 * - `surge`: the new one starts and gets ready, then the old one ends (Kubernetes: maxSurge 1, maxUnavailable 0);
 * - `gap`: the old one ends, then the new one starts (maxSurge 0, maxUnavailable 1);
 * - `kill`: the old one is killed, and the new one starts when all that it had goes on at others.
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
  /** How long it is watched what partitions do while nothing happens; 3 s unless told. */
  readonly quietMs?: number;
  /** One after the other, all hosts in each. */
  readonly ways: readonly RolloutWay[];
  /** Between two steps, once nothing lags. */
  readonly settleMs: number;
  /** More for the hosts' config. */
  readonly config?: object;
  /** The folder of the Penstock that is measured; this one unless told. */
  readonly checkout?: string | undefined;
}

/** One host was replaced by another. */
export interface RolloutStep {
  readonly way: RolloutWay;
  readonly exitCode: number;
  /** From the start of the new host's process until it was ready. */
  readonly readyAfterMs: number;
  /** From the signal until the old host's process was gone. */
  readonly exitAfterMs: number;
  /** From the beginning of the step until nothing lags and all is done. */
  readonly tookMs: number;
  /** The longest time without a new document, of each partition. */
  readonly standstillsMs: readonly number[];
  /** Of those among them that another host owned, before and after. */
  readonly keptMs: readonly number[];
  /** Of those that the old host owned. */
  readonly leftMs: readonly number[];
  /** Records acknowledged by Kafka and not there yet, at most. */
  readonly lagPeak: number;
  /** From the last of the new host being ready and the old one being gone, until nothing lags. */
  readonly backAfterMs: number;
  /** Documents that were sent again. */
  readonly duplicates: number;
}

export interface Rollout {
  readonly steps: readonly RolloutStep[];
  /** What the same partitions stand still while nothing happens, over as long as a step takes. */
  readonly quietMs: readonly number[];
  /** By topic, acknowledged by Kafka: the records' keys are the numbers below it. */
  readonly sent: ReadonlyMap<string, number>;
  /** Documents made. */
  readonly created: number;
  /** Exit codes of the hosts that were left at the end. */
  readonly exitCodes: readonly number[];
}

const READY_EVERY_MS = 50;
const SAMPLE_EVERY_MS = 20;
/** Below so many seconds' worth of records under way, nothing lags. */
const LAG_SECONDS = 0.5;
const QUIET_MS = 3_000;
/** What a killed host had sent has arrived by then. */
const LAST_BULKS_MS = 500;
const STEP_LIMIT_MS = 90_000;

/** Replaces every host of a set under a steady load, and watches from outside when each partition's documents arrive. */
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
  const limited = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(STEP_LIMIT_MS)]);
  progress(`${options.replicas} hosts start`);
  const hosts = await Promise.all(Array.from({ length: options.replicas }, start));
  await Promise.all(hosts.map((host) => host.untilReady(READY_EVERY_MS, limited())));

  const load = startSteadyLoad(options);
  resources.defer(() => load.stop().catch(() => {}));
  const lag = (): number => load.total - arrivals.created;
  const untilBack = (): Promise<true> =>
    poll(() => (lag() <= options.recordsPerSecond * LAG_SECONDS ? true : null), SAMPLE_EVERY_MS, limited());
  // Its first records are not only new ones' wait: indices are made.
  await sleep(2_000, undefined, { signal });
  await untilBack();
  await sleep(options.settleMs, undefined, { signal });
  const quietFrom = performance.now();
  await sleep(options.quietMs ?? QUIET_MS, undefined, { signal });
  const quietMs = [...arrivals.standstills(quietFrom, performance.now()).values()];

  const steps: RolloutStep[] = [];
  for (const way of options.ways) {
    for (let n = 0; n < options.replicas; n += 1) {
      progress(`${way}: host ${n + 1} of ${options.replicas} is replaced`);
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
        await host.untilReady(READY_EVERY_MS, limited());
        hosts.push(host);
        return performance.now() - startedAt;
      };
      const end = async (): Promise<{ exitCode: number; exitAfterMs: number }> => {
        const toldAt = performance.now();
        const exitCode = await old.terminate(way === "kill" ? "SIGKILL" : "SIGTERM");
        const exitAfterMs = performance.now() - toldAt;
        if (way === "kill") await untilGoingOn(arrivals, left, limited());
        return { exitCode, exitAfterMs };
      };
      const early = way === "surge" ? await begin() : null;
      const ended = await end();
      const readyAfterMs = early ?? (await begin());
      const doneAt = performance.now();
      await untilBack();
      const backAfterMs = performance.now() - doneAt;
      // What stands still now is noticed once it goes on.
      await sleep(options.settleMs, undefined, { signal });
      const stills = arrivals.standstills(from, performance.now());
      const ownersAfter = await ownersOf(hosts);
      const kept = [...owners].filter(([place, owner]) => ownersAfter.get(place) === owner);
      steps.push({
        way,
        ...ended,
        readyAfterMs,
        backAfterMs,
        tookMs: doneAt + backAfterMs - from,
        standstillsMs: [...stills.values()],
        keptMs: kept.map(([place]) => stills.get(place) ?? Number.NaN),
        leftMs: [...left].map((place) => stills.get(place) ?? Number.NaN),
        lagPeak: lagging.stop(),
        duplicates: arrivals.duplicates - duplicatesBefore,
      });
    }
  }
  await finish(load, () => lag() <= 0, limited());
  const exitCodes = await Promise.all(hosts.map((host) => host.terminate()));
  return { steps, quietMs, sent: load.sent, created: arrivals.created, exitCodes };
}

/** By place, as `standstills` names them: the pid of the host that owns it. */
async function ownersOf(hosts: readonly HostProcess[]): Promise<ReadonlyMap<string, number>> {
  const owners = new Map<string, number>();
  for (const host of hosts) for (const place of await host.owned()) owners.set(place, host.pid);
  return owners;
}

/** Waits until each of them had a new document that cannot be of the host that was just killed. */
async function untilGoingOn(
  arrivals: Arrivals,
  places: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const from = performance.now() + LAST_BULKS_MS;
  await poll(
    () => {
      const spanMs = performance.now() - from;
      if (spanMs <= 0) return null;
      const still = arrivals.standstills(from, from + spanMs);
      return [...places].every((place) => (still.get(place) ?? spanMs) < spanMs) ? true : null;
    },
    SAMPLE_EVERY_MS,
    signal,
  );
}

async function finish(load: SteadyLoad, allThere: () => boolean, signal: AbortSignal): Promise<void> {
  await load.stop();
  await poll(() => (allThere() ? true : null), SAMPLE_EVERY_MS, signal);
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
