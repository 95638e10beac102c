import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchBroker } from "./broker.ts";
import type { HostProcess } from "./host-process.ts";

/** A neighbour that must not notice: a topic written to at a steady pace, and what the host makes of it. */
export interface BusyTopic extends AsyncDisposable {
  /** Begins a new span of measuring. @returns the one that ends with it */
  lap(): Promise<ConsumedRates>;
  /** The topic's consumer group as the broker sees it. */
  membership(): Promise<Membership>;
}

/** Records consumed per second. */
export interface ConsumedRates {
  readonly mean: number;
  readonly slowestSecond: number;
}

export interface Membership {
  /** Counts the group's rebalances. The protocol does not tell it to others; the broker's log does. */
  readonly generation: number;
  readonly memberIds: readonly string[];
}

const BATCHES_PER_SECOND = 20;
const SAMPLE_MS = 1_000;

interface BusyTopicOptions {
  readonly broker: BenchBroker;
  readonly host: HostProcess;
  readonly topic: string;
  readonly groupId: string;
  readonly recordsPerSecond: number;
  /** The broker's. */
  readonly logFile: string;
}

export async function keepBusy(options: BusyTopicOptions): Promise<BusyTopic> {
  const { broker, host, topic, groupId, recordsPerSecond, logFile } = options;
  const ending = new AbortController();

  const sendOnPace = async (): Promise<void> => {
    const startedAt = performance.now();
    const size = Math.round(recordsPerSecond / BATCHES_PER_SECOND);
    for (let batch = 0; !ending.signal.aborted; batch += 1) {
      const dueInMs = startedAt + (batch * 1_000) / BATCHES_PER_SECOND - performance.now();
      if (dueInMs > 0) await sleep(dueInMs);
      const messages = Array.from({ length: size }, (_, n) => ({ value: `line ${batch * size + n}` }));
      await broker.producer.send({ topic, messages });
    }
  };

  let samples: Sample[] = [];
  const look = async (): Promise<void> => {
    samples.push({ atMs: performance.now(), records: await host.recordsConsumed(topic) });
  };
  const sample = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await look();
      await sleep(SAMPLE_MS);
    }
  };
  const running = Promise.all([sendOnPace(), sample()]);
  // Whoever laps or disposes hears of it.
  running.catch(() => {});

  return {
    async lap() {
      if (!ending.signal.aborted) await Promise.race([look(), running]);
      const done = samples;
      samples = done.slice(-1);
      return ratesOf(done);
    },
    async membership() {
      const { groups } = await broker.admin.describeGroups([groupId]);
      const generations = [...(await readFile(logFile, "utf8")).matchAll(stabilized(groupId))];
      return {
        generation: Number(generations.at(-1)?.[1] ?? Number.NaN),
        memberIds: groups.flatMap(({ members }) => members.map(({ memberId }) => memberId)),
      };
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

interface Sample {
  readonly atMs: number;
  readonly records: number;
}

/** What Kafka's group coordinator logs at the end of every rebalance. */
function stabilized(groupId: string): RegExp {
  return new RegExp(`Stabilized group ${RegExp.escape(groupId)} generation (\\d+) `, "g");
}

function ratesOf(samples: readonly Sample[]): ConsumedRates {
  const [first, last] = [samples[0], samples.at(-1)];
  const seconds = samples.slice(1).flatMap((sample, position) => {
    const before = samples[position];
    // A remnant of a second says nothing: records arrive in batches.
    if (before === undefined || sample.atMs - before.atMs < SAMPLE_MS / 2) return [];
    return [rateOf(before, sample)];
  });
  if (first === undefined || last === undefined || seconds.length === 0)
    throw new Error("too short a span to tell a rate");
  return { mean: rateOf(first, last), slowestSecond: Math.min(...seconds) };
}

function rateOf(from: Sample, to: Sample): number {
  return ((to.records - from.records) * 1_000) / (to.atMs - from.atMs);
}
