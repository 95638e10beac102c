import { BinaryReader, BinaryWriter } from "./binary.ts";

/** The bytes are not ours, or in an unknown format. Never leaves the codecs of this folder. */
export class UnreadableBytes extends Error {
  override readonly name = "UnreadableBytes";
}

/** Writes Kafka's fields, and some of our own. */
export class Writer extends BinaryWriter {
  /** Seven bits per byte, the lowest first. @param value from 0 to 2^31 - 1 */
  varint(value: number): this {
    let left = value;
    while (left > 0x7f) {
      this.int8((left & 0x7f) - 0x80);
      left >>>= 7;
    }
    return this.int8(left);
  }

  done(): Uint8Array {
    return new Uint8Array(this.written);
  }
}

/** Reads what {@link Writer} writes. @throws UnreadableBytes if the bytes end early, or a count exceeds them */
export class Reader extends BinaryReader {
  constructor(bytes: Uint8Array) {
    super(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  protected override endsTooSoon(): Error {
    return new UnreadableBytes("it ends too soon");
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8() & 0xff;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new UnreadableBytes("a number without an end");
  }

  /** The number of items that follow, each at least `bytesEach` long. */
  count(bytesEach: number): number {
    return this.#counted(this.int32(), bytesEach);
  }

  shortCount(bytesEach: number): number {
    return this.#counted(this.varint(), bytesEach);
  }

  /** Null is read as empty. */
  override bytes(): Buffer {
    return this.nullableBytes() ?? Buffer.alloc(0);
  }

  #counted(count: number, bytesEach: number): number {
    if (count < 0 || count * bytesEach > this.rest.length)
      throw new UnreadableBytes("it counts more than there is");
    return count;
  }
}
