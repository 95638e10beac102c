import { constants } from "node:buffer";
import { promisify } from "node:util";
import {
  gzip as gzipAsync,
  unzip,
  unzipSync,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { CompressionCodecs, CompressionTypes } from "kafkajs";
import { compressFrame, decompressFrame, decompressFrameSync } from "lz4-napi";
import { compress, uncompress, uncompressSync } from "snappy";

/** A codec as kafkajs expects it; `encoder` is kafkajs' own growing buffer. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  /** @throws DecodedTooLargeError if the result exceeds `maxBytes`, without allocating more */
  decompress(buffer: Buffer, maxBytes?: number): Promise<Buffer>;
}

/** The decompressed data exceeds the reader's limit. */
class DecodedTooLargeError extends Error {
  /** The kafkajs patch checks this property. */
  readonly tooLarge = true;
  constructor(maxBytes: number) {
    super(`it exceeds ${maxBytes} bytes decompressed`);
  }
}

/** Up to these sizes we decompress in place. Another thread costs more, twenty times as much for a few records. */
const SMALL_BYTES = { streamed: 256 * 1024, whole: 16 * 1024 };
/** A larger result is decompressed again in another thread, so as not to block the event loop. */
const SMALL_MAX_BYTES = 4 * 1024 * 1024;
/** Larger than zlib's default, because each piece is copied. */
const PIECE_BYTES = 256 * 1024;

/** Limit for Kafka's two oldest formats, which nobody can write any more. */
const OLD_FORMAT_MAX_BYTES = 64 * 1024 * 1024;

/** The header of snappy-java's stream format, which Java producers write: magic, version, compatible version. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Kafka holds two forms of Snappy: snappy-java's stream of length-prefixed blocks, or one bare block from other
 * producers. Each block starts with its decompressed length.
 */
export async function decompressSnappy(buffer: Buffer, maxBytes = OLD_FORMAT_MAX_BYTES): Promise<Buffer> {
  const blocks: Buffer[] = [];
  if (buffer.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    for (let at = XERIAL_HEADER_BYTES; at < buffer.length;) {
      const length = buffer.readInt32BE(at);
      if (length <= 0) throw new Error("a snappy block has no length");
      blocks.push(buffer.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  } else blocks.push(buffer);
  let bytes = 0;
  for (const block of blocks) bytes += snappyLength(block);
  if (bytes > maxBytes) throw new DecodedTooLargeError(maxBytes);
  const plain: Buffer[] = [];
  for (const block of blocks) {
    const isSmall = block.length <= SMALL_BYTES.whole;
    const text = isSmall ? uncompressSync(block) : await uncompress(block, { asBuffer: true });
    plain.push(Buffer.isBuffer(text) ? text : Buffer.from(text));
  }
  const [only] = plain;
  return plain.length === 1 && only !== undefined ? only : Buffer.concat(plain);
}

/** A varint, little end first: https://github.com/google/snappy/blob/main/format_description.txt */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  return length;
}

const LZ4_MAGIC = 0x184d2204;

/**
 * The largest possible decompressed size of an LZ4 frame: all blocks but the last are full.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
function lz4Bound(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== LZ4_MAGIC) throw new Error("this is no LZ4 frame");
  const flags = frame[4] ?? 0;
  const maxBlock = 1 << (8 + 2 * (((frame[5] ?? 0) >> 4) & 7));
  const hasSize = (flags & 0x08) !== 0;
  // A decoder may allocate this size at once.
  const told = hasSize && frame.length >= 14 ? Number(frame.readBigUInt64LE(6)) : 0;
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  let blocks = 0;
  for (let at = 7 + (hasSize ? 8 : 0) + (flags & 1 ? 4 : 0); at + 4 <= frame.length;) {
    const size = frame.readUInt32LE(at);
    if (size === 0) break;
    // The highest bit marks an uncompressed block. One byte expands to at most 255.
    const stored = size & 0x7fffffff;
    blocks += Math.min(maxBlock, size > 0x7fffffff ? stored : stored * 255);
    at += 4 + stored + blockChecksum;
  }
  return Math.max(told, blocks);
}

async function decompressLz4(buffer: Buffer, maxBytes = OLD_FORMAT_MAX_BYTES): Promise<Buffer> {
  if (lz4Bound(buffer) > maxBytes) throw new DecodedTooLargeError(maxBytes);
  return buffer.length <= SMALL_BYTES.whole ? decompressFrameSync(buffer) : decompressFrame(buffer);
}

/** Uses zlib, which stops at the limit. */
async function decompressWithin(kind: "gzip" | "zstd", buffer: Buffer, maxBytes: number): Promise<Buffer> {
  const maxOutputLength = Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH);
  if (buffer.length <= SMALL_BYTES.streamed) {
    const atOnce = kind === "gzip" ? unzipSync : zstdDecompressSync;
    try {
      return atOnce(buffer, { maxOutputLength: Math.min(maxOutputLength, SMALL_MAX_BYTES) });
    } catch (error) {
      if (!isBeyondLimit(error)) throw error;
      if (maxOutputLength <= SMALL_MAX_BYTES) throw new DecodedTooLargeError(maxBytes);
    }
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const done = (error: NodeJS.ErrnoException | null, plain: Buffer): void => {
    if (error === null) resolve(plain);
    else reject(isBeyondLimit(error) ? new DecodedTooLargeError(maxBytes) : error);
  };
  const options = { maxOutputLength, chunkSize: PIECE_BYTES };
  if (kind === "gzip") unzip(buffer, options, done);
  else zstdDecompress(buffer, options, done);
  return promise;
}

function isBeyondLimit(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

const gzip: Codec = {
  compress: (encoder) => promisify<Buffer, Buffer>(gzipAsync)(encoder.buffer),
  decompress: (buffer, maxBytes = OLD_FORMAT_MAX_BYTES) => decompressWithin("gzip", buffer, maxBytes),
};
const snappy: Codec = { compress: (encoder) => compress(encoder.buffer), decompress: decompressSnappy };
const lz4: Codec = { compress: (encoder) => compressFrame(encoder.buffer), decompress: decompressLz4 };
const zstd: Codec = {
  compress: async (encoder) => zstdCompressSync(encoder.buffer),
  decompress: (buffer, maxBytes = OLD_FORMAT_MAX_BYTES) => decompressWithin("zstd", buffer, maxBytes),
};

/** By the codec number in a record batch's attributes; 0 is none. */
const codecs: Readonly<Record<number, Codec>> = {
  [CompressionTypes.GZIP]: gzip,
  [CompressionTypes.Snappy]: snappy,
  [CompressionTypes.LZ4]: lz4,
  [CompressionTypes.ZSTD]: zstd,
};

/** @throws Error with `tooLarge` if the result exceeds `maxBytes`, without allocating more */
export async function decompress(codec: number, buffer: Buffer, maxBytes: number): Promise<Buffer> {
  const known = codecs[codec];
  if (known === undefined) throw new Error(`compression codec ${codec} is unknown`);
  return known.decompress(buffer, maxBytes);
}

/**
 * Registers all codecs with kafkajs, each with a size limit. It ships only gzip, without a limit, but producers choose
 * the codec, and a consumer that lacks it crashes. kafkajs keeps codecs in a global table, so a second call is harmless.
 */
export function registerCodecs(): void {
  const makers = Object.entries(codecs).map(([number, codec]) => [number, () => codec] as const);
  Object.assign(CompressionCodecs, Object.fromEntries(makers));
}
