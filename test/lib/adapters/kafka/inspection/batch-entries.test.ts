import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { addBatches } from "../../../../../lib/adapters/kafka/inspection/batch-entries.ts";
import { createKafkaDecoder } from "../../../../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { RecordDecoder } from "../../../../../lib/adapters/kafka/records/record-decoder.ts";
import { EntryList, type LogEntry } from "../../../../../lib/rules/inspection/entries.ts";
import { anyBatch, anyFirstOffset, type BatchShape, encodeAll } from "../../../../support/record-batches.ts";
import { rounds } from "../../../../support/rounds.ts";

const inTurn = <T>(decode: () => Promise<T>): Promise<T> => decode();
const position = { partition: 0, highWatermark: 0, lastStableOffset: 0, logStart: 0 };

async function entriesOf(
  shapes: readonly BatchShape[],
  first: number,
  limit = Infinity,
  maxBatchBytes = 1024 * 1024,
) {
  const { bytes, aborted } = await encodeAll(shapes, BigInt(first));
  const list = new EntryList();
  const decoder = createKafkaDecoder({ maxBatchBytes });
  const transactions = aborted.map(({ producerId, firstOffset }) => ({
    producerId: Number(producerId),
    firstOffset: Number(firstOffset),
  }));
  const fetched = { records: bytes, aborted: transactions, position, from: first, limit };
  const next = await addBatches(list, { decoder, inTurn }, fetched);
  return { entries: list.entries, next };
}

const startOf = (entry: LogEntry): number => (entry.kind === "record" ? entry.record.offset : entry.from);
const endOf = (entry: LogEntry): number => (entry.kind === "record" ? entry.record.offset + 1 : entry.end);
const shape = (changes: Partial<BatchShape> = {}): BatchShape => ({
  gap: 0,
  codec: 0,
  logAppendTime: false,
  firstTimestamp: 1_000n,
  maxTimestamp: 1_000n,
  kind: "plain",
  records: [{ timestampDelta: 0n, key: null, value: Buffer.from("v"), headers: [] }],
  ...changes,
});

test("every offset is accounted for, once and in order, and every record of others is there", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyBatch, { maxLength: 6 }), anyFirstOffset, async (shapes, first) => {
      const from = Number(first);
      const { entries, next } = await entriesOf(shapes, from);
      const length = shapes.reduce((sum, { gap, records }) => sum + gap + records.length, 0);
      expect(next).toBe(from + length);
      let at = from;
      for (const entry of entries) {
        expect(startOf(entry)).toBe(at);
        at = endOf(entry);
      }
      expect(at).toBe(next);
      const read = shapes.filter(({ kind }) => kind === "plain" || kind === "transaction");
      const values = entries.flatMap((entry) => (entry.kind === "record" ? [entry.record.value] : []));
      expect(values).toEqual(read.flatMap(({ records }) => records.map(({ value }) => value)));
    }),
    { numRuns: rounds(200, 25) },
  );
});

test("stops at its limit, and says where it goes on", async () => {
  const three = shape({ records: [1, 2, 3].flatMap(() => shape().records) });
  const { entries, next } = await entriesOf([three, shape({ gap: 5 })], 10, 2);
  expect({ offsets: entries.map(startOf), next }).toEqual({ offsets: [10, 11], next: 12 });
  const all = await entriesOf([three, shape({ gap: 5 })], 10);
  expect(all.entries[3]).toEqual({ kind: "gap", from: 13, end: 18, why: "compacted", detail: null });
});

test("a batch that cannot be decompressed is one gap with its reason", async () => {
  const { bytes } = await encodeAll([shape({ codec: 1 }), shape()], 0n);
  bytes.fill(0xff, 61, 70);
  const list = new EntryList();
  const decoder = createKafkaDecoder({ maxBatchBytes: 1024 });
  await addBatches(list, { decoder, inTurn }, { records: bytes, aborted: [], position, from: 0, limit: 9 });
  expect(list.entries[0]).toMatchObject({
    kind: "gap",
    from: 0,
    end: 1,
    why: "unreadable",
    detail: expect.stringContaining("cannot be read"),
  });
  expect(list.entries[1]).toMatchObject({ kind: "record" });
});

test("batches are decoded in turns, and the records keep nothing of them", async () => {
  const { bytes } = await encodeAll([shape(), shape({ gap: 3 })], 0n);
  const list = new EntryList();
  const real = createKafkaDecoder({ maxBatchBytes: 1024 });
  let isTurn = false;
  const decoder: RecordDecoder = {
    open(part) {
      expect(isTurn).toBe(true);
      return real.open(part);
    },
  };
  async function turn<T>(decode: () => Promise<T>): Promise<T> {
    isTurn = true;
    const decoded = await decode();
    isTurn = false;
    // By then the next one may be decoded into the same memory.
    bytes.fill(0, 61, 70);
    return decoded;
  }
  await addBatches(
    list,
    { decoder, inTurn: turn },
    { records: bytes, aborted: [], position, from: 0, limit: 9 },
  );
  const values = list.entries.flatMap((entry) => (entry.kind === "record" ? [entry.record.value] : []));
  expect(values.map(String)).toEqual(["v", "v"]);
});

test("stops after 16 MiB, too", async () => {
  const large = {
    ...shape().records[0],
    value: Buffer.alloc(9 * 1024 * 1024),
    key: null,
    headers: [],
    timestampDelta: 0n,
  };
  const { entries, next } = await entriesOf(
    [large, large, large].map((one) => shape({ records: [one] })),
    0,
    100,
    64 * 1024 * 1024,
  );
  expect({ offsets: entries.map(startOf), next }).toEqual({ offsets: [0, 1], next: 2 });
});
