import { setTimeout as sleep } from "node:timers/promises";
import { type HostProcess, startHostProcess } from "../load/host-process.ts";
import { poll } from "../kit/poll.ts";
import { costOf } from "../kit/process-cost.ts";

/** What many topics cost in which nothing happens. */
export interface IdleResult {
  /** From the start of the process until each of them was running. */
  readonly runningAfterSeconds: number;
  /** Of one core. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  /** The same with one page of the console open, by view. */
  readonly withPage: ReadonlyMap<string, number>;
  /** From the start of a second host until each of the two owns its half; null: not measured. */
  readonly sharedAfterSeconds: number | null;
}

export interface IdleOptions {
  readonly brokers: readonly string[];
  readonly elasticsearchNode: string;
  /** They exist, and are empty. */
  readonly topics: readonly string[];
  readonly group: string;
  /** What starting leaves behind (code still being compiled, memory still to be given back) is not idling. */
  readonly settleMs: number;
  /** How long the CPU is watched. */
  readonly watchMs: number;
  /** Of the console; one after the other, a page that shows it is open. */
  readonly views: readonly string[];
  /** Whether a second host comes at the end. */
  readonly shared: boolean;
  /** The folder of the Penstock that is measured; this one unless told. */
  readonly checkout: string | undefined;
}

const START_WITHIN_MS = 180_000;
/** Of the half that each host should own, so much may be missing. */
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
  await host.untilRunning(topics, 200, AbortSignal.any([signal, AbortSignal.timeout(START_WITHIN_MS)]));
  const runningAfterSeconds = (performance.now() - startedAt) / 1_000;
  await sleep(options.settleMs, undefined, { signal });
  const { cpuShare, rssBytes } = await watched(host.pid, watchMs, signal);
  const withPage = new Map<string, number>();
  for (const view of options.views) {
    await using page = await openView(new URL(`/ui/events?view=${view}`, host.url), signal);
    if (!page.isThere) continue;
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
  await poll(
    async () => {
      const owned = await Promise.all([host, other].map(async (one) => (await one.owned()).size));
      return owned.reduce((sum, one) => sum + one, 0) === partitions && Math.min(...owned) >= least
        ? true
        : null;
    },
    500,
    AbortSignal.any([signal, AbortSignal.timeout(START_WITHIN_MS)]),
  );
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

/** Follows what an open page of the console follows; an older Penstock has none. */
async function openView(
  url: URL,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly isThere: boolean }> {
  const life = new AbortController();
  const answer = await fetch(url, { signal: AbortSignal.any([signal, life.signal]) });
  const isThere = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const reading = answer.body?.pipeTo(new WritableStream()).catch((error: unknown) => {
    if (!life.signal.aborted) throw error;
  });
  return {
    isThere,
    async [Symbol.asyncDispose]() {
      life.abort();
      await reading;
    },
  };
}
