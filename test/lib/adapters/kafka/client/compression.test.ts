import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { CompressionCodecs, CompressionTypes } from "kafkajs";
import { decompressSnappy, registerCodecs } from "../../../../../lib/adapters/kafka/client/compression.ts";

const require = createRequire(import.meta.url);

describe("codecs", () => {
  test.each([CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD])(
    "codec %d gives back what it took",
    async (type) => {
      registerCodecs();
      const codec = (
        CompressionCodecs as Record<
          number,
          () => { compress(e: object): Promise<Buffer>; decompress(b: Buffer): Promise<Buffer> }
        >
      )[type]?.();
      const plain = Buffer.from("a line of a log ".repeat(1000));
      const packed = await codec?.compress({ buffer: plain });
      expect(packed?.length).toBeLessThan(plain.length);
      expect(await codec?.decompress(packed ?? Buffer.alloc(0))).toEqual(plain);
    },
  );

  test("snappy-java's stream of blocks is read", async () => {
    registerCodecs();
    const { compress } = require("snappy") as { compress: (plain: Buffer) => Promise<Buffer> };
    const parts = [Buffer.from("first block "), Buffer.from("second block")];
    const chunks: Buffer[] = [
      Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ];
    for (const part of parts) {
      const block = await compress(part);
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      chunks.push(length, block);
    }
    expect(await decompressSnappy(Buffer.concat(chunks))).toEqual(Buffer.concat(parts));
  });
});
