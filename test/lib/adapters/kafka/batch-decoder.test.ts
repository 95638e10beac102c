import { expect, test } from "bun:test";
import type { DecodeLimits, UndecodedBatch } from "kafkajs";
import { createBatchDecoder } from "../../../../lib/adapters/kafka/batch-decoder.ts";
import { SetAside } from "../../../../lib/rules/record.ts";
import { rejection } from "../../../support/rejection.ts";

const MIB = 1024 * 1024;

/** A batch of which decoding makes what the test says. */
function batch(partition: number, bytes: number, decode: (limits: DecodeLimits) => number): UndecodedBatch {
  return {
    topic: "app",
    partition,
    undecoded: Buffer.alloc(bytes),
    decode: (limits) => Promise.resolve({ decodedBytes: decode(limits), usedBytes: bytes }),
    drop() {},
  };
}

const unreadable = (first: number, error: Error) => ({
  first,
  last: first + 9,
  records: 5,
  bytes: 70,
  error,
});

test("a batch that cannot be read is fetched again, and set aside at its third try, though others fail in between", async () => {
  const decoder = createBatchDecoder("app", MIB);
  const seen: unknown[] = [];
  const broken = (partition: number, first: number): UndecodedBatch =>
    batch(partition, 100, ({ onUnreadable }) => {
      const error = new Error("incorrect data check");
      const setAside = onUnreadable?.(unreadable(first, error)) ?? null;
      if (setAside === null) throw error;
      return seen.push(setAside);
    });
  const fails = async (partition: number, first: number): Promise<void> => {
    expect(await rejection(decoder.open(broken(partition, first)).decode())).toMatchObject({
      name: "KafkaJSError",
      retriable: true,
      message: `topic "app", partition ${partition}: a record batch cannot be read: incorrect data check`,
    });
  };
  await fails(0, 30);
  await fails(0, 30);
  await fails(0, 40);
  await fails(1, 40);
  await fails(0, 40);
  await fails(1, 40);
  await decoder.open(broken(0, 40)).decode();
  const reason =
    "the record batch at offsets 40 to 49 (70 bytes as sent) cannot be read: incorrect data check";
  expect(seen).toEqual([new SetAside({ type: "batch_unreadable", reason, end: 50, records: 5 })]);
});

test("one that takes too much memory is set aside at once", async () => {
  const decoder = createBatchDecoder("app", MIB);
  const told = Promise.withResolvers<unknown>();
  const large = batch(0, 100, ({ maxBatchBytes, onUnreadable }) => {
    expect(maxBatchBytes).toBe(MIB);
    told.resolve(onUnreadable?.(unreadable(7, Object.assign(new Error("large"), { tooLarge: true }))));
    return 256;
  });
  await decoder.open(large).decode();
  const reason =
    "the record batch at offsets 7 to 16 (70 bytes as sent) takes more memory than kafka.maxBatchBytes, 1048576 bytes";
  expect(await told.promise).toEqual(new SetAside({ type: "batch_too_large", reason, end: 17, records: 5 }));
});

test("what comes next is expected to become as much more as what came last", async () => {
  const decoder = createBatchDecoder("app", 128 * MIB);
  expect(decoder.usefulBytes).toBe(32 * MIB);
  expect(decoder.open(batch(0, 1_000, () => 0)).expectedBytes).toBe(1_000);
  await decoder.open(batch(0, 1_000, () => 8_000)).decode();
  expect(decoder.usefulBytes).toBe(4 * MIB);
  expect(decoder.open(batch(0, 1_000, () => 0)).expectedBytes).toBe(8_000);
  expect(decoder.open(batch(0, 100 * MIB, () => 0)).expectedBytes).toBe(32 * MIB);
});
