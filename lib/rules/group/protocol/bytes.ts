/** The bytes are not ours, or in an unknown format. Never leaves the codecs of this folder. */
export class UnreadableBytes extends Error {
  override readonly name = "UnreadableBytes";
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Writes numbers and strings as Kafka's protocol does: big-endian, and prefixed with their length. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  int8(value: number): this {
    this.#room(1);
    this.#view.setInt8(this.#length, value);
    this.#length += 1;
    return this;
  }

  int16(value: number): this {
    this.#room(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
    return this;
  }

  int32(value: number): this {
    this.#room(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
    return this;
  }

  /** Seven bits per byte, the lowest first. @param value from 0 to 2^31 - 1 */
  varint(value: number): this {
    let left = value;
    while (left > 0x7f) {
      this.int8((left & 0x7f) | 0x80);
      left >>>= 7;
    }
    return this.int8(left);
  }

  string(text: string): this {
    const bytes = ENCODER.encode(text);
    return this.int16(bytes.length).raw(bytes);
  }

  bytes(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what {@link Writer} writes. @throws UnreadableBytes if the bytes end early, or a count exceeds them */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
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

  string(): string {
    return DECODER.decode(this.raw(this.int16()));
  }

  /** A length of -1 means null, read as empty. */
  bytes(): Uint8Array {
    const length = this.int32();
    return length === -1 ? new Uint8Array() : this.raw(length);
  }

  raw(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  #take(length: number): number {
    const from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) throw new UnreadableBytes("it ends too soon");
    this.#at = from + length;
    return from;
  }

  #counted(count: number, bytesEach: number): number {
    if (count < 0 || count * bytesEach > this.#bytes.length - this.#at)
      throw new UnreadableBytes("it counts more than there is");
    return count;
  }
}
