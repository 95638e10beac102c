import { expect } from "bun:test";
import { drainMicrotasks } from "bun:jsc";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import { createReader, type FetchedPart } from "../../../../../lib/adapters/kafka/reader/reader.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { collectingSink, type CollectingSink } from "../../../../support/collecting-sink.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { ModelKafka, type ModelRecords } from "../../../../support/model-kafka.ts";

const endOf = ({ records }: FetchedPart): number => (records as ModelRecords).end;

/** A reader of model brokers, in virtual time. */
export function world(rack = "") {
  const virtual = createVirtualTime(seededRandom(1));
  /** How far its clock was set. */
  const clock = { byMs: 0 };
  const time = { ...virtual, now: () => virtual.now() + clock.byMs };
  const kafka = new ModelKafka(time);
  const logger = createMemoryLogger();
  const reader = createReader({ wire: kafka, rack, time, logger });
  return {
    time,
    clock,
    kafka,
    reader,
    logger,
    /** @param onPart when each part arrives */
    open: (topic: string, { offset = 0, partition = 0, roomBytes = 1024 * 1024, worksUp = true } = {}) => {
      const times: number[] = [];
      const sink = collectingSink(endOf, () => times.push(time.monotonicMs()));
      sink.end = offset;
      sink.roomBytes = roomBytes;
      const read = reader.open(topic, partition, offset, sink);
      if (worksUp) sink.read = read;
      return { sink, read, times };
    },
    run: (ms: number) => time.run(time.monotonicMs() + ms),
    /** Returns how long it takes. */
    until: (isSo: () => boolean, ms = 60_000): number => {
      const from = time.monotonicMs();
      drainMicrotasks();
      while (!isSo()) if (!time.step(from + ms)) throw new Error(`not within ${ms} ms of virtual time`);
      return time.monotonicMs() - from;
    },
    close: () => time.settle(reader.close(), time.monotonicMs() + 100),
  };
}

/** Expects each record once and in order. */
export function expectContiguous({ parts, end }: CollectingSink, from = 0): void {
  let at = from;
  for (const part of parts) {
    expect(part.fetchOffset).toBe(at);
    expect((part.records as ModelRecords).first).toBe(at);
    at = endOf(part);
  }
  expect(at).toBe(end);
}
