import { setTimeout as sleep } from "node:timers/promises";
import type { BenchBroker } from "../load/broker.ts";
import { startBulkProxy } from "../stand-ins/bulk-proxy.ts";
import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import { startHostProcess } from "../load/host-process.ts";
import { createLineSource } from "../load/lines.ts";
import { percentile } from "../kit/median.ts";
import { poll } from "../kit/poll.ts";
import { costOf } from "../kit/process-cost.ts";
import { stamped, stampsTaken } from "../stand-ins/stamp-proxy.ts";

export interface QuietTopicsOptions {
  readonly broker: BenchBroker;
  /** Of one partition each. */
  readonly topics: readonly string[];
  readonly recordsPerSecond: { readonly ofEach: number };
  readonly rounds: number;
  readonly roundMs: number;
  readonly seed: number;
  readonly group: string;
  readonly checkout: string | undefined;
}

/** What many topics cost in which little happens. */
export interface QuietRound {
  /** Of the host's process. */
  readonly cpuSecondsPerMillion: number;
  readonly recordsPerBulk: number;
  /** From produce until the bulk was answered, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const WARM_UP_MS = 10_000;
const SEND_EVERY_MS = 10;
const RUNNING_WITHIN_MS = 120_000;
const ARRIVE_WITHIN_MS = 30_000;

/**
 * One host, and topics written to one after the other, evenly in time, into the endpoint that answers at once. The bulks are
 * counted, and the records' stamps read, by a proxy before it.
 */
export async function measureQuietTopics(
  options: QuietTopicsOptions,
  signal: AbortSignal,
): Promise<QuietRound[]> {
  const { broker, topics, rounds, roundMs, seed } = options;
  let bulks = 0;
  let took: number[] = [];
  await using resources = new AsyncDisposableStack();
  const endpoint = resources.use(await startEndpoint(signal));
  const proxy = resources.use(
    startBulkProxy(endpoint.url, (body, answer, answeredAt) => {
      bulks += 1;
      for (const stamp of stampsTaken(body, answer)) took.push(answeredAt - stamp);
    }),
  );
  const host = resources.use(
    await startHostProcess(
      {
        kafka: { brokers: broker.brokers, group: options.group },
        elasticsearch: { nodes: [proxy.url.origin] },
        topics,
      },
      signal,
      options.checkout,
    ),
  );
  await host.untilRunning(topics, 100, AbortSignal.any([signal, AbortSignal.timeout(RUNNING_WITHIN_MS)]));
  const send = paced(options, createLineSource("text", seed), signal);

  const round = async (ms: number): Promise<QuietRound> => {
    [bulks, took] = [0, []];
    const before = costOf(host.pid).cpuSeconds;
    const sent = await send(ms);
    await poll(
      () => (took.length >= sent ? true : null),
      20,
      AbortSignal.any([signal, host.gone, AbortSignal.timeout(ARRIVE_WITHIN_MS)]),
    );
    return {
      cpuSecondsPerMillion: ((costOf(host.pid).cpuSeconds - before) / sent) * 1e6,
      recordsPerBulk: took.length / bulks,
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
    };
  };
  await round(WARM_UP_MS);
  const results: QuietRound[] = [];
  for (let n = 0; n < rounds; n += 1) results.push(await round(roundMs));
  return results;
}

/** Writes for so long, each topic in its turn. @returns how many were acknowledged */
function paced(
  { broker, topics, recordsPerSecond }: QuietTopicsOptions,
  line: () => string,
  signal: AbortSignal,
): (ms: number) => Promise<number> {
  const perSecond = recordsPerSecond.ofEach * topics.length;
  let turn = 0;
  return async (ms) => {
    const startedAt = performance.now();
    const sendings: Promise<unknown>[] = [];
    let sent = 0;
    for (let n = 1; performance.now() - startedAt < ms; n += 1) {
      const due = Math.floor((n * SEND_EVERY_MS * perSecond) / 1_000);
      const some = Array.from({ length: due - sent }, () => topics[turn++ % topics.length] ?? "");
      sent = due;
      const topicMessages = some.map((topic) => ({ topic, messages: [{ value: stamped(line()) }] }));
      // Not awaited one by one: a slow acknowledgement must not slow the pace, and so hide itself.
      const sending = topicMessages.length > 0 ? broker.producer.sendBatch({ topicMessages }) : null;
      // Whoever awaits them all hears of it.
      sending?.catch(() => {});
      sendings.push(Promise.resolve(sending));
      const restMs = startedAt + n * SEND_EVERY_MS - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { signal });
    }
    await Promise.all(sendings);
    return sent;
  };
}
