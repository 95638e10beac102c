import { setTimeout as sleep } from "node:timers/promises";
import type { BenchBroker } from "../load/broker.ts";
import { startHostProcess } from "../load/host-process.ts";
import { createLineSource } from "../load/lines.ts";
import { percentile } from "../kit/median.ts";
import { poll } from "../kit/poll.ts";
import { stamped, startStampProxy } from "../stand-ins/stamp-proxy.ts";

export interface LatencyOptions {
  readonly broker: BenchBroker;
  readonly elasticsearchNode: string;
  readonly topic: string;
  readonly recordsPerSecond: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly seed: number;
  readonly checkout: string | undefined;
}

/** Of one round, in milliseconds. */
export interface LatencyRound {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

const WARM_UP_MS = 5_000;
const SEND_EVERY_MS = 5;
const ARRIVE_WITHIN_MS = 30_000;

/**
 * A topic written to at a steady pace. Each record says when it was handed to the producer, and is over when Elasticsearch
 * has answered the bulk that it is in: a proxy in between reads the one and sees the other.
 */
export async function measureLatency(options: LatencyOptions, signal: AbortSignal): Promise<LatencyRound[]> {
  const { broker, topic, recordsPerSecond, rounds, roundMs } = options;
  let took: number[] = [];
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(startStampProxy(options.elasticsearchNode, (ms) => took.push(ms)));
  const host = stack.use(
    await startHostProcess(
      {
        kafka: { brokers: broker.brokers, group: "latency" },
        elasticsearch: { nodes: [proxy.url.origin] },
        topics: [topic],
      },
      signal,
      options.checkout,
    ),
  );
  await host.untilRunning([topic], 50, AbortSignal.any([signal, AbortSignal.timeout(ARRIVE_WITHIN_MS)]));

  const line = createLineSource("text", options.seed);
  const size = Math.round((recordsPerSecond * SEND_EVERY_MS) / 1_000);
  /** @returns how many were sent */
  const sendFor = async (ms: number): Promise<number> => {
    const startedAt = performance.now();
    const sendings: Promise<unknown>[] = [];
    let batches = 0;
    for (; performance.now() - startedAt < ms; batches += 1) {
      const dueInMs = startedAt + batches * SEND_EVERY_MS - performance.now();
      if (dueInMs > 0) await sleep(dueInMs, undefined, { signal });
      const messages = Array.from({ length: size }, () => ({ value: stamped(line()) }));
      // Not awaited one by one: a slow acknowledgement must not slow the pace, and so hide itself.
      const sending = broker.producer.send({ topic, messages });
      // Whoever awaits them all hears of it.
      sending.catch(() => {});
      sendings.push(sending);
    }
    await Promise.all(sendings);
    return batches * size;
  };
  const round = async (ms: number): Promise<readonly number[]> => {
    took = [];
    const sent = await sendFor(ms);
    await poll(
      () => (took.length >= sent ? true : null),
      20,
      AbortSignal.any([signal, AbortSignal.timeout(ARRIVE_WITHIN_MS)]),
    );
    return took;
  };

  await round(WARM_UP_MS);
  const results: LatencyRound[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const all = await round(roundMs);
    results.push({ p50: percentile(all, 0.5), p99: percentile(all, 0.99), worst: percentile(all, 1) });
  }
  return results;
}
