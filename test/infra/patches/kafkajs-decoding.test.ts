import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import * as fc from "fast-check";
import type { DecodeLimits, UnreadableBatch } from "kafkajs";
import { registerCodecs } from "../../../lib/adapters/kafka/codecs.ts";
import { anyBatch, anyFirstOffset, encodeAll, safe, type BatchShape } from "../../support/record-batches.ts";
import { rejection } from "../../support/rejection.ts";

/**
 * infra/patches/kafkajs@2.2.4.patch reads record batches with plain numbers. kafkajs 2.2.3, whose decoding is that of
 * 2.2.4 to the letter, is installed beside it, unpatched, to be compared with.
 */
const require = createRequire(import.meta.url);

interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly attributes: number;
  readonly magicByte: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, unknown>;
  readonly isControlRecord: boolean;
  readonly setAside?: unknown;
}

/** Ours has two steps. */
type DecodeMessages = ((decoder: object) => Promise<Message[] | { readonly undecoded: Buffer }>) & {
  decode(undecoded: Buffer, limits: DecodeLimits): Promise<Decoded>;
};
type Decoded = Message[] & {
  readonly lastOffset?: string;
  readonly decodedBytes?: number;
  readonly usedBytes?: number;
};

type Codec = { compress(encoder: { buffer: Buffer }): Promise<Buffer> };

function load(name: string) {
  const Decoder = require(`${name}/src/protocol/decoder`) as new (buffer: Buffer) => object;
  const decodeMessages = require(`${name}/src/protocol/requests/fetch/v4/decodeMessages`) as DecodeMessages;
  const Batch = require(`${name}/src/consumer/batch`) as new (
    topic: string,
    fetchedOffset: string,
    partitionData: object,
  ) => { readonly messages: Message[]; firstOffset(): string | null };
  const { Codecs } = require(`${name}/src/protocol/message/compression`) as {
    Codecs: Record<number, () => Codec>;
  };
  const decode = async (batches: Buffer, limits: DecodeLimits = {}): Promise<Decoded> => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(batches.length);
    const messages = await decodeMessages(new Decoder(Buffer.concat([size, batches])));
    return "undecoded" in messages ? decodeMessages.decode(messages.undecoded, limits) : messages;
  };
  return { decode, Batch, Codecs };
}

registerCodecs();
const patched = load("kafkajs");
const original = load("kafkajs-original");
Object.assign(original.Codecs, patched.Codecs);

const fieldsOf = (message: Message) => ({
  offset: message.offset,
  timestamp: message.timestamp,
  attributes: message.attributes,
  magicByte: message.magicByte,
  key: message.key,
  value: message.value,
  headers: { ...message.headers },
  isControlRecord: message.isControlRecord,
});

describe("record batches, read with plain numbers", () => {
  test("are what the original makes of them: codecs, nulls, headers, deltas, transactions", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBatch, { maxLength: 4 }),
        anyFirstOffset,
        fc.nat(20),
        async (shapes, first, skip) => {
          const { bytes, aborted } = await encodeAll(shapes, first);
          const [ours, theirs] = await Promise.all([patched.decode(bytes), original.decode(bytes)]);
          expect(ours.map(fieldsOf)).toEqual(theirs.map(fieldsOf));

          const partition = { partition: 0, highWatermark: "0", abortedTransactions: aborted };
          const fetchedOffset = String(first + BigInt(skip));
          const [batchOfOurs, batchOfTheirs] = [
            new patched.Batch("t", fetchedOffset, { ...partition, messages: ours }),
            new original.Batch("t", fetchedOffset, { ...partition, messages: theirs }),
          ];
          expect(batchOfOurs.firstOffset()).toBe(batchOfTheirs.firstOffset());
          // Where several aborted transactions begin before the position, the original leaks: compared from the start.
          if (skip === 0 || aborted.length === 0)
            expect(batchOfOurs.messages.map(fieldsOf)).toEqual(batchOfTheirs.messages.map(fieldsOf));
        },
      ),
      { numRuns: 150 },
    );
  });

  const one = (changes: Partial<BatchShape>, timestampDelta = 0n): BatchShape => ({
    gap: 0,
    codec: 0,
    logAppendTime: false,
    firstTimestamp: 0n,
    maxTimestamp: 0n,
    kind: "plain",
    records: [{ timestampDelta, key: null, value: Buffer.from("v"), headers: [] }],
    ...changes,
  });

  test("an offset of 2^53 − 1 is read, and one beyond it is an error that names it", async () => {
    const read = async (offset: bigint): Promise<string[]> =>
      (await patched.decode((await encodeAll([one({})], offset)).bytes)).map(({ offset }) => offset);
    expect(await read(safe)).toEqual([String(safe)]);
    expect(String(await rejection(read(safe + 1n)))).toContain("9007199254740992");
  });

  test("a timestamp beyond 2^53, as of a producer that writes nanoseconds, stays exact and stops nothing", async () => {
    const nanoseconds = 1_770_000_000_123_456_789n;
    const shapes = [
      one({ firstTimestamp: nanoseconds }, 1n),
      one({ logAppendTime: true, maxTimestamp: nanoseconds }),
      one({ firstTimestamp: 0n }, nanoseconds),
    ];
    const { bytes } = await encodeAll(shapes, 0n);
    expect((await patched.decode(bytes)).map(({ timestamp }) => timestamp)).toEqual([
      String(nanoseconds + 1n),
      String(nanoseconds),
      String(nanoseconds),
    ]);
  });

  test("a record that is longer than its length says is an error, not half a record", async () => {
    const { bytes } = await encodeAll([one({})], 0n);
    const broken = Buffer.from(bytes);
    // The first byte after the header is the record's length, a varint.
    broken[61] = (broken[61] ?? 0) - 4;
    expect(String(await rejection(patched.decode(broken)))).toContain("longer than its length says");
  });

  const plain = (bytes: number, changes: Partial<BatchShape> = {}): BatchShape =>
    one({
      records: [{ timestampDelta: 0n, key: null, value: Buffer.alloc(bytes, "x"), headers: [] }],
      ...changes,
    });

  test.each([
    ["gzip", 1],
    ["snappy", 2],
    ["lz4", 3],
    ["zstd", 4],
  ])(
    "a record batch that takes more memory than it may stands as one, undecoded: %s",
    async (_name, codec) => {
      const { bytes } = await encodeAll([plain(20_000_000, { codec, firstTimestamp: 7n }), plain(1)], 40n);
      expect(bytes.length).toBeLessThan(1_000_000);
      const seen: UnreadableBatch[] = [];
      const onUnreadable = (batch: UnreadableBatch): object => ({ nth: seen.push(batch) });
      const messages = await patched.decode(bytes, { maxBatchBytes: 10_000_000, onUnreadable });
      expect(
        messages.map(({ offset, timestamp, value, setAside }) => [offset, timestamp, value, setAside]),
      ).toEqual([
        ["40", "7", null, { nth: 1 }],
        ["41", "0", Buffer.from("x"), undefined],
      ]);
      expect(messages.lastOffset).toBe("41");
      expect(seen).toMatchObject([{ first: 40, last: 40, records: 1, error: { tooLarge: true } }]);
      expect(await rejection(patched.decode(bytes, { maxBatchBytes: 10_000_000 }))).toMatchObject({
        tooLarge: true,
      });
    },
  );

  test("records and headers count with what they take beside their contents, before they are made", async () => {
    const record = { timestampDelta: 0n, key: null, value: null, headers: [] };
    const tooLarge: number[] = [];
    const onUnreadable = ({ records }: UnreadableBatch): object => [tooLarge.push(records)];
    const many = one({ codec: 1, records: Array.from({ length: 1_000 }, () => record) });
    await patched.decode((await encodeAll([many], 0n)).bytes, { maxBatchBytes: 256_000, onUnreadable });
    const headers = Array.from({ length: 1_000 }, () => ({ name: "", value: null }));
    const wide = one({ codec: 1, records: [{ ...record, headers }] });
    await patched.decode((await encodeAll([wide], 0n)).bytes, { maxBatchBytes: 100_000, onUnreadable });
    expect(tooLarge).toEqual([1_000, 1]);
  });

  test("of what was fetched, a piece is decoded: up to the record batch that fills it, or does not fit any more", async () => {
    const { bytes } = await encodeAll([plain(1_000), plain(1_000), plain(5_000), plain(1)], 0n);
    const decode = async (maxBytes: number) => {
      const { length, lastOffset } = await patched.decode(bytes, { maxBytes });
      return { length, lastOffset };
    };
    expect(await decode(1)).toEqual({ length: 1, lastOffset: "0" });
    expect(await decode(2_000)).toEqual({ length: 1, lastOffset: "0" });
    expect(await decode(5_000)).toEqual({ length: 2, lastOffset: "1" });
    expect(await decode(9_000)).toEqual({ length: 4, lastOffset: "3" });
  });

  test("what cannot be decompressed is an error, or stands as one record from the position on", async () => {
    const { bytes } = await encodeAll(
      [
        one({
          codec: 1,
          records: [0, 1, 2].map(() => ({
            timestampDelta: 0n,
            key: null,
            value: Buffer.from("v"),
            headers: [],
          })),
        }),
      ],
      5n,
    );
    const checksum = bytes.length - 6;
    bytes[checksum] = 0xff ^ (bytes[checksum] ?? 0);
    expect(await rejection(patched.decode(bytes))).toBeInstanceOf(Error);
    const limits = {
      fetchedOffset: 6,
      onUnreadable: ({ first, last, records }: UnreadableBatch) => ({ first, last, records }),
    };
    const [stand] = await patched.decode(bytes, limits);
    expect(stand).toMatchObject({ offset: "6", setAside: { first: 6, last: 7, records: 2 } });
  });
});
