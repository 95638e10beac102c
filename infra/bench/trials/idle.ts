import { setTimeout as sleep } from "node:timers/promises";
import { type HostProcess, startHostProcess } from "../load/host-process.ts";
import { waitFor } from "../../stack/process/wait-for.ts";
import { costOf } from "../kit/process-cost.ts";

export interface IdleResult {
  /** From the start of the process until every topic was running. */
  readonly runningAfterSeconds: number;
  /** Share of one core. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  /** `cpuShare` with one page of the console open, by view. */
  readonly withPage: ReadonlyMap<string, number>;
  /** From the start of a second host until each owns its half; null: not measured. */
  readonly sharedAfterSeconds: number | null;
}

export interface IdleOptions {
  readonly brokers: readonly string[];
  readonly elasticsearchNode: string;
  /** They exist and are empty. */
  readonly topics: readonly string[];
  readonly group: string;
  /** A pause before measuring: after the start, code is still compiled and memory returned. */
  readonly settleMs: number;
  /** How long the CPU is measured. */
  readonly watchMs: number;
  /** Views of the console, opened one after the other. */
  readonly views: readonly string[];
  /** Whether a second host joins at the end. */
  readonly shared: boolean;
  /** The folder of the Penstock to measure; undefined: this one. */
  readonly checkout: string | undefined;
}

const START_WITHIN_MS = 180_000;
/** The share of its half that a host may lack. */
const UNEVEN = 0.02;

export async function measureIdle(options: IdleOptions, signal: AbortSignal): Promise<IdleResult> {
  const { brokers, elasticsearchNode, topics, group, watchMs } = options;
  const startedAt = performance.now();
  const start = (): Promise<HostProcess> =>
    startHostProcess(
      { kafka: { brokers, group }, elasticsearch: { nodes: [elasticsearchNode] }, topics },
      signal,
      options.checkout,
    );
  await using host = await start();
  await host.untilRunning(topics, { everyMs: 200, withinMs: START_WITHIN_MS });
  const runningAfterSeconds = (performance.now() - startedAt) / 1_000;
  await sleep(options.settleMs, undefined, { signal });
  const { cpuShare, rssBytes } = await watched(host.pid, watchMs, signal);
  const withPage = new Map<string, number>();
  for (const view of options.views) {
    await using _page = await openView(new URL(`/ui/events?view=${view}`, host.url), signal);
    withPage.set(view, (await watched(host.pid, watchMs, signal)).cpuShare);
  }
  const sharedAfterSeconds = options.shared ? await shareWith(host, start, topics.length, signal) : null;
  return { runningAfterSeconds, cpuShare, rssBytes, withPage, sharedAfterSeconds };
}

/** @returns seconds */
async function shareWith(
  host: HostProcess,
  start: () => Promise<HostProcess>,
  partitions: number,
  signal: AbortSignal,
): Promise<number> {
  const startedAt = performance.now();
  await using other = await start();
  const least = (partitions / 2) * (1 - UNEVEN);
  const areShared = async (): Promise<boolean> => {
    const owned = await Promise.all([host, other].map(async (one) => (await one.owned()).size));
    return owned.reduce((sum, one) => sum + one, 0) === partitions && Math.min(...owned) >= least;
  };
  await waitFor("two hosts share the topics", areShared, { everyMs: 500, signal, withinMs: START_WITHIN_MS });
  return (performance.now() - startedAt) / 1_000;
}

async function watched(pid: number, watchMs: number, signal: AbortSignal) {
  const before = costOf(pid);
  const from = performance.now();
  await sleep(watchMs, undefined, { signal });
  const after = costOf(pid);
  const seconds = (performance.now() - from) / 1_000;
  return { cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds, rssBytes: after.rssBytes };
}

/** Reads the events that an open page of the console reads. */
async function openView(url: URL, signal: AbortSignal): Promise<AsyncDisposable> {
  const life = new AbortController();
  const answer = await fetch(url, { signal: AbortSignal.any([signal, life.signal]) });
  if (!answer.ok) throw new Error(`GET ${url.pathname} was answered ${answer.status}`);
  const reading = answer.body?.pipeTo(new WritableStream()).catch((error: unknown) => {
    if (!life.signal.aborted) throw error;
  });
  return {
    async [Symbol.asyncDispose]() {
      life.abort();
      await reading;
    },
  };
}
