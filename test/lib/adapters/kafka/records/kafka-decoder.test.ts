import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import * as fc from "fast-check";
import { CompressionCodecs } from "kafkajs";
import { createKafkaDecoder } from "../../../../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { RecordDecoder, RecordPiece } from "../../../../../lib/adapters/kafka/records/record-decoder.ts";
import type { AbortedTransaction } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import type { RecordHeader, SourceRecord } from "../../../../../lib/rules/model/record.ts";
import {
  anyBatch,
  anyFirstOffset,
  encodeAll,
  encodeBatch,
  type BatchShape,
} from "../../../../support/record-batches.ts";
import { rounds } from "../../../../support/rounds.ts";

const require = createRequire(import.meta.url);
const MIB = 1024 * 1024;

interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null | readonly (Buffer | null)[]>;
}

/** Decodes with kafkajs 2.2.3, unpatched. */
function loadOriginal() {
  const Decoder = require("kafkajs-original/src/protocol/decoder") as new (buffer: Buffer) => object;
  const decodeMessages = require("kafkajs-original/src/protocol/requests/fetch/v4/decodeMessages") as (
    decoder: object,
  ) => Promise<object[]>;
  const Batch = require("kafkajs-original/src/consumer/batch") as new (
    topic: string,
    fetchedOffset: string,
    partitionData: object,
  ) => { readonly messages: Message[] };
  const { Codecs } = require("kafkajs-original/src/protocol/message/compression") as { Codecs: object };
  return async (bytes: Buffer, from: number, abortedTransactions: readonly object[]) => {
    Object.assign(Codecs, CompressionCodecs);
    const size = Buffer.alloc(4);
    size.writeInt32BE(bytes.length);
    const messages = await decodeMessages(new Decoder(Buffer.concat([size, bytes])));
    const data = { partition: 0, highWatermark: "0", abortedTransactions, messages };
    return new Batch("t", String(from), data).messages;
  };
}

const original = loadOriginal();

const part = (records: Buffer, fetchOffset = 0, aborted: readonly AbortedTransaction[] = []) => ({
  fetchOffset,
  records,
  aborted,
  position: { partition: 7, highWatermark: 0, lastStableOffset: 0, logStart: 0 },
});

const decoder = (maxBatchBytes = MIB): RecordDecoder => createKafkaDecoder({ maxBatchBytes });

interface Decoded {
  readonly pieces: readonly RecordPiece[];
  readonly records: readonly SourceRecord[];
  readonly end: number;
}

/** All pieces; each starts where the previous one ended. */
async function decodeAll(
  opened: ReturnType<RecordDecoder["open"]>,
  maxBytes = Number.MAX_SAFE_INTEGER,
): Promise<Decoded> {
  const pieces: RecordPiece[] = [];
  let at = opened.position;
  for (
    let next = await opened.decodeNext(maxBytes);
    next !== null;
    next = await opened.decodeNext(maxBytes)
  ) {
    expect(next.start).toBe(at);
    expect(next.end).toBeGreaterThan(at);
    at = next.end;
    pieces.push(next);
  }
  expect(opened.position).toBe(at);
  expect(opened.expectedBytes).toBe(0);
  return { pieces, records: pieces.flatMap(({ records }) => records), end: at };
}

const one = (changes: Partial<BatchShape> = {}): BatchShape => ({
  gap: 0,
  codec: 0,
  logAppendTime: false,
  firstTimestamp: 0n,
  maxTimestamp: 0n,
  kind: "plain",
  records: [{ timestampDelta: 0n, key: null, value: Buffer.from("v"), headers: [] }],
  ...changes,
});
const plain = (bytes: number, changes: Partial<BatchShape> = {}): BatchShape =>
  one({
    records: [{ timestampDelta: 0n, key: null, value: Buffer.alloc(bytes, "x"), headers: [] }],
    ...changes,
  });
const many = (records: number, changes: Partial<BatchShape> = {}): BatchShape => {
  const record = { timestampDelta: 0n, key: null, value: Buffer.from("v"), headers: [] };
  return one({ records: Array.from({ length: records }, () => record), ...changes });
};
const valuesOf = (records: readonly SourceRecord[]) =>
  records.map(({ offset, value }) => [offset, String(value)]);

/** Rounded beyond 2^53. */
const shown = (timestamp: number) => (Number.isSafeInteger(timestamp) ? timestamp : "beyond");

/** kafkajs keeps headers in an object, which loses the order across names. */
const byName = (headers: readonly RecordHeader[]) =>
  headers.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

describe("record batches of a fetch", () => {
  test("are decoded like kafkajs does, in pieces of any size: codecs, nulls, headers, deltas, transactions", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBatch, { maxLength: 4 }),
        anyFirstOffset,
        fc.nat(20),
        fc.integer({ min: 1, max: 5_000 }),
        async (any, first, skip, maxBytes) => {
          // No broker compresses its markers.
          const shapes = any.map((shape) => (shape.kind === "control" ? { ...shape, codec: 0 } : shape));
          const { bytes, aborted } = await encodeAll(shapes, first);
          // Where several aborted transactions begin before the position, the original leaks: read from the start.
          const from = Number(first) + (aborted.length === 0 ? skip : 0);
          const theirs = await original(bytes, from, aborted);
          const ours = await decodeAll(
            decoder().open(
              part(
                bytes,
                from,
                aborted.map(({ producerId, firstOffset }) => ({
                  producerId: Number(producerId),
                  firstOffset: Number(firstOffset),
                })),
              ),
            ),
            maxBytes,
          );
          expect(
            ours.records.map(({ partition, offset, timestamp, key, value, headers }) => ({
              partition,
              offset,
              timestamp: shown(timestamp),
              key,
              value,
              headers: byName(headers),
            })),
          ).toEqual(
            theirs.map(({ offset, timestamp, key, value, headers }) => ({
              partition: 7,
              offset: Number(offset),
              timestamp: shown(Number(timestamp)),
              key,
              value,
              headers: byName(
                Object.entries(headers).flatMap(([name, value]) =>
                  [value].flat().map((each) => ({ name, value: each })),
                ),
              ),
            })),
          );
          const last = shapes.reduce((end, { gap, records }) => end + gap + records.length, Number(first));
          expect(ours.end).toBe(shapes.length === 0 ? from : Math.max(from, last));
        },
      ),
      { numRuns: rounds(200, 40) },
    );
  });

  test("a batch truncated anywhere at the end is left to the next fetch", async () => {
    const { bytes } = await encodeAll([many(3), many(2, { codec: 4 }), many(4)], 10n);
    const lengths = [many(3), many(2, { codec: 4 }), many(4)];
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; at = ends.at(-1) ?? 0) ends.push(at + 12 + bytes.readInt32BE(at + 8));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const whole = ends.filter((end) => end <= cut).length;
      const records = lengths.slice(0, whole).reduce((sum, shape) => sum + shape.records.length, 0);
      const decoded = await decodeAll(decoder().open(part(bytes.subarray(0, cut), 10)));
      expect([decoded.records.length, decoded.end]).toEqual([records, 10 + records]);
    }
  });

  test("records before the position are skipped, and a batch that ends before it is not read", async () => {
    const { bytes } = await encodeAll([many(3, { codec: 1 }), many(3)], 0n);
    // It could not be decompressed.
    bytes.fill(0xff, 61, 70);
    const { records, end } = await decodeAll(decoder().open(part(bytes, 4)));
    expect([records.map(({ offset }) => offset), end]).toEqual([[4, 5], 6]);
  });

  test("pieces are whole batches: as many as there is room for, at least one", async () => {
    const { bytes } = await encodeAll([plain(1_000), plain(1_000), plain(5_000), plain(1)], 0n);
    const ends = async (maxBytes: number) =>
      (await decodeAll(decoder().open(part(bytes)), maxBytes)).pieces.map(({ end }) => end);
    expect(await ends(1)).toEqual([1, 2, 3, 4]);
    expect(await ends(2_000)).toEqual([1, 2, 3, 4]);
    expect(await ends(2_600)).toEqual([2, 3, 4]);
    expect(await ends(9_000)).toEqual([4]);
  });

  test("a compressed batch that turns out too large starts the next piece", async () => {
    const { bytes } = await encodeAll([plain(1_000), plain(300_000, { codec: 4 }), plain(9)], 0n);
    const { pieces, records } = await decodeAll(decoder().open(part(bytes)), 100_000);
    expect(pieces.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(records.map(({ value }) => value?.length)).toEqual([1_000, 300_000, 9]);
  });

  test("the memory of the next piece is estimated from the last", async () => {
    const { bytes } = await encodeAll([plain(300_000, { codec: 4 })], 0n);
    const topic = decoder();
    const first = topic.open(part(bytes));
    expect(first.expectedBytes).toBe(bytes.length);
    const [piece] = (await decodeAll(first)).pieces;
    const takes = piece?.bytes ?? 0;
    expect(takes).toBeGreaterThan(300_000);
    expect(Math.abs(topic.open(part(bytes)).expectedBytes - takes)).toBeLessThan(2);
  });

  test("a batch emptied by compaction and one of markers advance the position", async () => {
    const emptied = await encodeBatch(many(3), 0n, -1n);
    emptied.writeInt32BE(0, 57);
    const bytes = Buffer.concat([
      emptied.subarray(0, 61),
      await encodeBatch(many(1, { kind: "control" }), 3n, 5n),
    ]);
    bytes.writeInt32BE(61 - 12, 8);
    const { pieces } = await decodeAll(decoder().open(part(bytes)));
    expect(pieces).toEqual([{ records: [], start: 0, end: 4, bytes: 0 }]);
  });
});

describe("aborted transactions", () => {
  const marker = (type: number, offset: bigint, producerId: bigint) => {
    const key = Buffer.from([0, 0, 0, type]);
    const record = { timestampDelta: 0n, key, value: Buffer.alloc(6), headers: [] };
    return encodeBatch(one({ kind: "control", records: [record] }), offset, producerId);
  };
  const written = (value: string, offset: bigint, producerId: bigint, changes: Partial<BatchShape> = {}) => {
    // A data record's key may hold the bytes of a marker's.
    const record = { timestampDelta: 0n, key: Buffer.alloc(4), value: Buffer.from(value), headers: [] };
    return encodeBatch(one({ kind: "transaction", records: [record], ...changes }), offset, producerId);
  };
  const read = async (
    batches: readonly Promise<Buffer>[],
    from: number,
    aborted: readonly AbortedTransaction[],
  ) => {
    const bytes = Buffer.concat(await Promise.all(batches));
    // Whatever the pieces are.
    const inPieces = await decodeAll(decoder().open(part(bytes, from, aborted)), 1);
    const whole = await decodeAll(decoder().open(part(bytes, from, aborted)));
    expect(valuesOf(inPieces.records)).toEqual(valuesOf(whole.records));
    expect(inPieces.end).toBe(whole.end);
    return { values: valuesOf(whole.records), end: whole.end };
  };
  const ABORT = 0;
  const COMMIT = 1;

  test("are skipped up to their marker, but not later records of the producer or those of others", async () => {
    const batches = [
      written("in vain", 0n, 1n),
      written("kept", 1n, 2n),
      written("plain", 2n, 1n, { kind: "plain" }),
      written("in vain", 3n, 1n),
      marker(ABORT, 4n, 1n),
      written("second try", 5n, 1n),
      marker(COMMIT, 6n, 2n),
      marker(COMMIT, 7n, 1n),
    ];
    expect(await read(batches, 0, [{ producerId: 1, firstOffset: 0 }])).toEqual({
      values: [
        [1, "kept"],
        [2, "plain"],
        [5, "second try"],
      ],
      end: 8,
    });
  });

  test("several that started before the position are all recognized, in any order", async () => {
    const batches = [
      written("in vain", 10n, 1n),
      written("in vain", 11n, 2n),
      marker(ABORT, 12n, 2n),
      written("in vain", 13n, 1n),
      marker(ABORT, 14n, 1n),
      written("in vain", 15n, 2n),
      written("kept", 16n, 1n),
      marker(ABORT, 17n, 2n),
    ];
    const aborted = [
      { producerId: 2, firstOffset: 15 },
      { producerId: 2, firstOffset: 4 },
      { producerId: 1, firstOffset: 3 },
    ];
    expect(await read(batches, 10, aborted)).toEqual({ values: [[16, "kept"]], end: 18 });
  });

  test("are skipped without decoding, even if they cannot be decoded", async () => {
    const broken = await written("in vain", 0n, 1n, { codec: 1 });
    broken.fill(0xff, 61);
    const batches = [Promise.resolve(broken), marker(ABORT, 1n, 1n), written("kept", 2n, 3n)];
    expect(await read(batches, 0, [{ producerId: 1, firstOffset: 0 }])).toEqual({
      values: [[2, "kept"]],
      end: 3,
    });
  });
});

describe("batches that cannot be decoded", () => {
  test.each([
    ["gzip", 1],
    ["snappy", 2],
    ["lz4", 3],
    ["zstd", 4],
  ])("one that needs too much memory comes as a single record at once: %s", async (_name, codec) => {
    const large = plain(20 * MIB, { codec, firstTimestamp: 7n });
    const { bytes } = await encodeAll([plain(5), large, plain(1)], 40n);
    expect(bytes.length).toBeLessThan(MIB);
    const { records, end } = await decodeAll(decoder(10 * MIB).open(part(bytes, 40)));
    expect(end).toBe(43);
    expect(records).toMatchObject([
      { offset: 40 },
      {
        partition: 7,
        offset: 41,
        timestamp: 7,
        key: null,
        value: null,
        headers: [],
        setAside: {
          type: "batch_too_large",
          end: 42,
          records: 1,
          reason: expect.stringMatching(
            /^the record batch at offsets 41 to 41 \(\d+ bytes as sent\) takes more memory than kafka\.maxBatchBytes, 10485760 bytes$/,
          ),
        },
      },
      { offset: 42 },
    ]);
  });

  test("the overhead of records and headers counts, before they are created", async () => {
    const record = { timestampDelta: 0n, key: null, value: null, headers: [] };
    const aside = async (shape: BatchShape, maxBatchBytes: number) => {
      const { bytes } = await encodeAll([shape], 0n);
      const { records } = await decodeAll(decoder(maxBatchBytes).open(part(bytes)));
      return records.map(({ setAside }) => [setAside?.type, setAside?.records]);
    };
    const records = Array.from({ length: 1_000 }, () => record);
    expect(await aside(one({ codec: 1, records }), 256_000)).toEqual([["batch_too_large", 1_000]]);
    const headers = Array.from({ length: 1_000 }, () => ({ name: "", value: null }));
    expect(await aside(one({ codec: 1, records: [{ ...record, headers }] }), 100_000)).toEqual([
      ["batch_too_large", 1],
    ]);
  });

  test("an unreadable one is fetched again, and set aside at the third try, from the position on", async () => {
    const { bytes } = await encodeAll([many(1), many(5, { codec: 1, firstTimestamp: 7n }), many(1)], 30n);
    const at = 12 + bytes.readInt32BE(8);
    bytes.fill(0xff, at + 61, at + 70);
    const topic = decoder();
    const first = await decodeAll(topic.open(part(bytes, 30)));
    expect([first.records.length, first.end]).toEqual([1, 31]);
    // It was written in another place than where the fetch began.
    const again = bytes.subarray(at);
    expect(await decodeAll(topic.open(part(again, 31)))).toEqual({ pieces: [], records: [], end: 31 });
    const third = await decodeAll(topic.open(part(again, 31)));
    expect(third.end).toBe(37);
    expect(third.records).toMatchObject([
      { offset: 31, timestamp: 7, setAside: { type: "batch_unreadable", end: 36, records: 5 } },
      { offset: 36 },
    ]);
    expect(third.records[0]?.setAside?.reason).toMatch(
      /^the record batch at offsets 31 to 35 \(\d+ bytes as sent\) cannot be read: /,
    );
  });

  test("of a batch that starts before the position, only the rest is set aside", async () => {
    const { bytes } = await encodeAll([many(5, { codec: 2 })], 30n);
    bytes.fill(0xff, 61, 64);
    const topic = decoder();
    for (let count = 0; count < 2; count += 1) await decodeAll(topic.open(part(bytes, 33)));
    const { records, end } = await decodeAll(topic.open(part(bytes, 33)));
    expect(records).toMatchObject([{ offset: 33, setAside: { end: 35, records: 2 } }]);
    expect(end).toBe(35);
  });

  test("whatever bytes are damaged, nothing is thrown and a third fetch continues", async () => {
    const { bytes } = await encodeAll([many(3), many(3, { codec: 1 }), many(3)], 0n);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 61, max: bytes.length - 1 }), fc.nat(255)), {
          minLength: 1,
          maxLength: 8,
        }),
        async (changes) => {
          const damaged = Buffer.from(bytes);
          // The heads of batches stay: where those are damaged, nothing tells one batch from the next.
          let head = 0;
          for (; head < damaged.length; head += 12 + bytes.readInt32BE(head + 8))
            for (const [at, byte] of changes) if (at < head || at >= head + 61) damaged[at] = byte;
          for (head = 0; head < damaged.length; head += 12 + bytes.readInt32BE(head + 8))
            bytes.copy(damaged, head, head, head + 61);
          const topic = decoder();
          let position = 0;
          for (let fetch = 0; fetch < 9 && position < 9; fetch += 1)
            position = (await decodeAll(topic.open(part(damaged, position)))).end;
          expect(position).toBe(9);
        },
      ),
      { numRuns: rounds(200, 40) },
    );
  });
});

describe("the two formats before record batches", () => {
  const Encoder = require("kafkajs/src/protocol/encoder") as new () => {
    writeInt64(value: number): void;
    writeInt32(value: number): void;
    writeEncoder(value: object): void;
    readonly buffer: Buffer;
  };
  const messageOf = require("kafkajs/src/protocol/message") as (options: {
    version: number;
  }) => (entry: object) => { size(): number; readonly buffer: Buffer };

  const entry = (version: number, offset: number, value: Buffer, attributes = 0): Buffer => {
    const message = messageOf({ version })({
      compression: attributes,
      timestamp: 1_000 + offset,
      key: `k${offset}`,
      value,
    });
    const encoder = new Encoder();
    encoder.writeInt64(offset);
    encoder.writeInt32(message.size());
    encoder.writeEncoder(message);
    return encoder.buffer;
  };

  test("are read too, and batches after them, as written before a broker's upgrade", async () => {
    const inner = Buffer.concat([0, 1, 2].map((offset) => entry(1, offset, Buffer.from(`inner ${offset}`))));
    const codec = (
      CompressionCodecs as Record<number, () => { compress(of: object): Promise<Buffer> }>
    )[1]?.();
    const compressed = (await codec?.compress({ buffer: inner })) ?? expect.unreachable();
    const bytes = Buffer.concat([
      entry(0, 4, Buffer.from("oldest")),
      entry(1, 5, Buffer.from("old")),
      // Its offset is that of its last record.
      entry(1, 8, compressed, 1),
      await encodeBatch(many(2), 9n, -1n),
    ]);
    for (const maxBytes of [1, 10_000]) {
      const { records, end } = await decodeAll(decoder().open(part(bytes, 5)), maxBytes);
      expect(valuesOf(records)).toEqual([
        [5, "old"],
        [6, "inner 0"],
        [7, "inner 1"],
        [8, "inner 2"],
        [9, "v"],
        [10, "v"],
      ]);
      expect(end).toBe(11);
      expect(records[0]).toEqual({
        partition: 7,
        offset: 5,
        timestamp: 1_005,
        key: Buffer.from("k5"),
        value: Buffer.from("old"),
        headers: [],
      });
    }
  });
});
