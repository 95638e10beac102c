import { setTimeout as sleep } from "node:timers/promises";
import { startHostProcess } from "./host-process.ts";
import { costOf } from "./process-cost.ts";

/** What many topics cost in which nothing happens. */
export interface IdleResult {
  /** From the start of the process until each of them was running. */
  readonly runningAfterSeconds: number;
  /** Of one core. */
  readonly cpuShare: number;
  readonly rssBytes: number;
}

export interface IdleOptions {
  readonly brokers: readonly string[];
  readonly elasticsearchNode: string;
  /** They exist, and are empty. */
  readonly topics: readonly string[];
  readonly groupPrefix: string;
  /** What starting leaves behind (code still being compiled, memory still to be given back) is not idling. */
  readonly settleMs: number;
  /** How long the CPU is watched. */
  readonly watchMs: number;
  /** The folder of the Penstock that is measured; this one unless told. */
  readonly checkout: string | undefined;
}

const START_WITHIN_MS = 180_000;

export async function measureIdle(options: IdleOptions, signal: AbortSignal): Promise<IdleResult> {
  const { brokers, elasticsearchNode, topics, groupPrefix, watchMs } = options;
  const startedAt = performance.now();
  await using host = await startHostProcess(
    { kafka: { brokers, groupPrefix }, elasticsearch: { nodes: [elasticsearchNode] }, topics },
    signal,
    options.checkout,
  );
  await host.untilRunning(topics, 200, AbortSignal.any([signal, AbortSignal.timeout(START_WITHIN_MS)]));
  const runningAfterSeconds = (performance.now() - startedAt) / 1_000;
  await sleep(options.settleMs, undefined, { signal });
  const before = costOf(host.pid);
  const watchedFrom = performance.now();
  await sleep(watchMs, undefined, { signal });
  const after = costOf(host.pid);
  const seconds = (performance.now() - watchedFrom) / 1_000;
  return {
    runningAfterSeconds,
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
    rssBytes: after.rssBytes,
  };
}
