import * as fc from "fast-check";
import { CompressionCodecs } from "kafkajs";
import { registerCodecs } from "../../lib/adapters/kafka/client/compression.ts";

registerCodecs();
const codecs: Readonly<Record<number, () => { compress(encoder: { buffer: Buffer }): Promise<Buffer> }>> =
  CompressionCodecs;

/** A transaction that a broker would list as aborted. */
export interface Aborted {
  readonly producerId: string;
  readonly firstOffset: string;
}

export interface RecordShape {
  readonly timestampDelta: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

export interface BatchShape {
  /** Gap between the end of the previous batch and the start of this one. */
  readonly gap: number;
  readonly codec: number;
  readonly logAppendTime: boolean;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly kind: "plain" | "transaction" | "aborted" | "control";
  readonly records: readonly RecordShape[];
}

function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

/** Kafka's message format 2: https://kafka.apache.org/documentation/#recordbatch */
export async function encodeBatch(
  shape: BatchShape,
  firstOffset: bigint,
  producerId: bigint,
): Promise<Buffer> {
  const records = Buffer.concat(
    shape.records.map(({ timestampDelta, key, value, headers }, position) =>
      sized(
        Buffer.concat([
          Buffer.from([0]),
          varint(timestampDelta),
          varint(BigInt(position)),
          sized(key),
          sized(value),
          varint(BigInt(headers.length)),
          ...headers.flatMap(({ name, value }) => [sized(Buffer.from(name)), sized(value)]),
        ]),
      ),
    ),
  );
  const codec = codecs[shape.codec];
  const body = codec === undefined ? records : await codec().compress({ buffer: records });
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(firstOffset, 0);
  head.writeInt32BE(61 - 12 + body.length, 8);
  head.writeInt8(2, 16);
  const transactional = shape.kind === "plain" ? 0 : 0x10;
  const control = shape.kind === "control" ? 0x20 : 0;
  head.writeInt16BE(shape.codec | (shape.logAppendTime ? 0x8 : 0) | transactional | control, 21);
  head.writeInt32BE(shape.records.length - 1, 23);
  head.writeBigInt64BE(shape.firstTimestamp, 27);
  head.writeBigInt64BE(shape.maxTimestamp, 35);
  head.writeBigInt64BE(producerId, 43);
  head.writeInt32BE(shape.records.length, 57);
  return Buffer.concat([head, body]);
}

/** All batches of one fetch, and the transactions that a broker would list as aborted. */
export async function encodeAll(
  shapes: readonly BatchShape[],
  firstOffset: bigint,
): Promise<{ bytes: Buffer; aborted: Aborted[] }> {
  const parts: Buffer[] = [];
  const aborted: Aborted[] = [];
  let offset = firstOffset;
  for (const [position, shape] of shapes.entries()) {
    offset += BigInt(shape.gap);
    // One producer each, because the original leaks records if transactions of one producer overlap.
    const producerId = BigInt(position);
    if (shape.kind === "aborted")
      aborted.push({ producerId: String(producerId), firstOffset: String(offset) });
    parts.push(await encodeBatch(shape, offset, producerId));
    offset += BigInt(shape.records.length);
  }
  return { bytes: Buffer.concat(parts), aborted };
}

const anyBytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)));
/** The largest possible offset. */
export const safe = 2n ** 53n - 1n;
const anyRecord = fc.record<RecordShape>({
  timestampDelta: fc.oneof(
    fc.bigInt(-1000n, 100_000n),
    fc.bigInt(-(2n ** 36n), 2n ** 36n),
    fc.bigInt(-safe, safe),
  ),
  // The original takes four zero bytes anywhere for an abort marker.
  key: anyBytes.filter((key) => key === null || key.length !== 4),
  value: anyBytes,
  headers: fc.array(
    fc.record({ name: fc.string({ maxLength: 8 }).map((name) => `h${name}`), value: anyBytes }),
    { maxLength: 3 },
  ),
});
/** Batches of every codec, kind and extreme. */
export const anyBatch = fc.record<BatchShape>({
  gap: fc.nat(1000),
  codec: fc.integer({ min: 0, max: 4 }),
  logAppendTime: fc.boolean(),
  firstTimestamp: fc.oneof(fc.constant(1_770_000_000_000n), fc.bigInt(0n, 2n ** 52n), fc.constant(-1n)),
  maxTimestamp: fc.bigInt(0n, 2n ** 52n),
  kind: fc.constantFrom("plain", "plain", "transaction", "aborted", "control"),
  records: fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
});
export const anyFirstOffset = fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, 2n ** 53n - 100_000n));
