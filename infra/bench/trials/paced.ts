import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../../stack/process/wait-for.ts";
import { percentile } from "../kit/median.ts";
import { costOf } from "../kit/process-cost.ts";
import type { BenchBroker } from "../load/broker.ts";
import { startHostProcess } from "../load/host-process.ts";
import { createLineSource } from "../load/lines.ts";
import { startBulkProxy } from "../stand-ins/bulk-proxy.ts";
import { stamped, stampsTaken } from "../stand-ins/stamps.ts";

export interface PacedOptions {
  readonly broker: BenchBroker;
  /** The URL to index into. */
  readonly node: string;
  /** They exist; records go to each in turn. */
  readonly topics: readonly string[];
  /** In all topics together. */
  readonly recordsPerSecond: number;
  readonly sendEveryMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly seed: number;
  readonly group: string;
  /** The folder of the Penstock to measure; undefined: this one. */
  readonly checkout: string | undefined;
}

/** One round. Times are milliseconds from produce until the bulk was answered. */
export interface PacedRound {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** CPU of the host's process. */
  readonly cpuSecondsPerMillion: number;
  readonly recordsPerBulk: number;
}

const RUNNING_WITHIN_MS = 120_000;
const ARRIVE_WITHIN_MS = 30_000;

/**
 * Writes to topics at a steady pace while one host moves them. Each record carries the time at which it was handed to the
 * producer. A proxy before Elasticsearch reads it, counts the bulks, and takes the time when the answer passes.
 */
export async function measurePaced(options: PacedOptions, signal: AbortSignal): Promise<PacedRound[]> {
  const { broker, topics, group, seed } = options;
  let bulks = 0;
  let took: number[] = [];
  await using proxy = startBulkProxy(options.node, (body, answer, answeredAt) => {
    bulks += 1;
    for (const stamp of stampsTaken(body, answer)) took.push(answeredAt - stamp);
  });
  await using host = await startHostProcess(
    {
      kafka: { brokers: broker.brokers, group },
      elasticsearch: { nodes: [proxy.url.origin] },
      topics,
    },
    signal,
    options.checkout,
  );
  await host.untilRunning(topics, { withinMs: RUNNING_WITHIN_MS });
  const send = paced(options, createLineSource("text", seed), signal);

  const round = async (ms: number): Promise<PacedRound> => {
    [bulks, took] = [0, []];
    const before = costOf(host.pid).cpuSeconds;
    const sent = await send(ms);
    const limited = AbortSignal.any([signal, host.gone]);
    const wait = { everyMs: 20, signal: limited, withinMs: ARRIVE_WITHIN_MS };
    await waitFor("all records are indexed", () => took.length >= sent, wait);
    return {
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      worst: percentile(took, 1),
      cpuSecondsPerMillion: ((costOf(host.pid).cpuSeconds - before) / sent) * 1e6,
      recordsPerBulk: took.length / bulks,
    };
  };
  await round(options.warmUpMs);
  const results: PacedRound[] = [];
  for (let n = 0; n < options.rounds; n += 1) results.push(await round(options.roundMs));
  return results;
}

/** Writes for a time, to each topic in turn. @returns how many records were acknowledged */
function paced(
  { broker, topics, recordsPerSecond, sendEveryMs }: PacedOptions,
  line: () => string,
  signal: AbortSignal,
): (ms: number) => Promise<number> {
  let turn = 0;
  return async (ms) => {
    const startedAt = performance.now();
    const sendings: Promise<unknown>[] = [];
    let sent = 0;
    for (let n = 1; performance.now() - startedAt < ms; n += 1) {
      const due = Math.floor((n * sendEveryMs * recordsPerSecond) / 1_000);
      const topicMessages = Array.from({ length: due - sent }, () => ({
        topic: topics[turn++ % topics.length] ?? "",
        messages: [{ value: stamped(line()) }],
      }));
      sent = due;
      if (topicMessages.length > 0) {
        // Not awaited one by one: a slow acknowledgement must not slow the pace, and so hide itself.
        const sending = broker.producer.sendBatch({ topicMessages });
        // A failure surfaces where all of them are awaited.
        sending.catch(() => {});
        sendings.push(sending);
      }
      const restMs = startedAt + n * sendEveryMs - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { signal });
    }
    await Promise.all(sendings);
    return sent;
  };
}
