import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";

/** The parts of infra/patches/kafkajs@2.2.4.patch that concern what a fetch returns. */
const require = createRequire(import.meta.url);

interface RawMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}
type Messages = RawMessage[] & { lastOffset?: string };

const Batch = require("kafkajs/src/consumer/batch") as new (
  topic: string,
  fetchedOffset: string,
  partitionData: {
    partition: number;
    highWatermark: string;
    messages: Messages | { undecoded: Buffer };
    abortedTransactions: object[];
  },
) => {
  decode(): Promise<unknown>;
  messages: RawMessage[];
  lastOffset(): string;
  isEmptyDueToFiltering(): boolean;
};
const Decoder = require("kafkajs/src/protocol/decoder") as new (buffer: Buffer) => object;
const decodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages") as (
  decoder: object,
) => Promise<{ undecoded: Buffer }>;

const record = (offset: number, producerId: string, key: Buffer | null = null, isControlRecord = false) => ({
  offset: String(offset),
  key,
  isControlRecord,
  batchContext: { producerId, inTransaction: true },
});
const abortKey = Buffer.alloc(4);

function kept(messages: RawMessage[], aborted: Record<string, number>, fetchedOffset = 0): number[] {
  const abortedTransactions = Object.entries(aborted).map(([producerId, first]) => ({
    producerId,
    firstOffset: String(first),
  }));
  const batch = new Batch("t", String(fetchedOffset), {
    partition: 0,
    highWatermark: "100",
    messages,
    abortedTransactions,
  });
  return batch.messages.map(({ offset }) => Number(offset));
}

describe("aborted records", () => {
  test("of several transactions that began before the fetch are left out", () => {
    const messages = [record(7, "2"), record(8, "1"), record(9, "3")];
    expect(kept(messages, { 1: 3, 2: 5 }, 7)).toEqual([9]);
  });

  test("are left out in whatever order the broker lists their transactions", () => {
    const messages = [record(3, "1"), record(5, "2"), record(6, "2", abortKey, true), record(7, "1")];
    const abortedTransactions = [
      { producerId: "2", firstOffset: "5" },
      { producerId: "1", firstOffset: "3" },
    ];
    const batch = new Batch("t", "0", { partition: 0, highWatermark: "9", messages, abortedTransactions });
    expect(batch.messages).toEqual([]);
  });

  test("follow a record whose key looks like an abort marker, and end with the marker", () => {
    const messages = [
      record(1, "1"),
      record(2, "1", abortKey),
      record(3, "1"),
      record(4, "1", abortKey, true),
      record(5, "1"),
    ];
    expect(kept(messages, { 1: 1 })).toEqual([5]);
  });
});

/** A record batch of magic 2 with the header alone: what compaction keeps of a producer's last batch. */
function emptyRecordBatch(baseOffset: number, lastOffsetDelta: number): Buffer {
  const afterLength = Buffer.alloc(4 + 1 + 4 + 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4);
  afterLength.writeInt8(2, 4);
  afterLength.writeInt32BE(lastOffsetDelta, 11);
  const head = Buffer.alloc(12);
  head.writeBigInt64BE(BigInt(baseOffset), 0);
  head.writeInt32BE(afterLength.length, 8);
  return Buffer.concat([head, afterLength]);
}

describe("a record batch that compaction emptied", () => {
  const fetched = async (fetchedOffset: string) => {
    const batches = Buffer.concat([emptyRecordBatch(40, 3), emptyRecordBatch(50, 9)]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(batches.length);
    const messages = await decodeMessages(new Decoder(Buffer.concat([size, batches])));
    const batch = new Batch("t", fetchedOffset, {
      partition: 0,
      highWatermark: "100",
      messages,
      abortedTransactions: [],
    });
    await batch.decode();
    return batch;
  };

  test("is passed: its header says how far it reaches", async () => {
    const batch = await fetched("41");
    expect({ last: batch.lastOffset(), filtered: batch.isEmptyDueToFiltering() }).toEqual({
      last: "59",
      filtered: true,
    });
  });

  test("that ends before the position moves nothing back", async () => {
    expect((await fetched("60")).isEmptyDueToFiltering()).toBe(false);
  });
});
