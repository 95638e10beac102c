const MIN_ROOM_BYTES = 512;

/** Writes fields of Kafka's protocol, in the encodings before its flexible versions (KIP-482). */
export class BinaryWriter {
  #buffer = Buffer.allocUnsafe(MIN_ROOM_BYTES);
  #length = 0;

  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Reserves space. @returns its position */
  #take(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.#length);
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }

  int8(value: number): this {
    const at = this.#take(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#take(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#take(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  /** Overwrites an earlier value. */
  setInt32(at: number, value: number): void {
    this.#buffer.writeInt32BE(value, at);
  }

  /** @param value an integer below 2^53 */
  int64(value: number): this {
    const at = this.#take(8);
    const high = Math.floor(value / 2 ** 32);
    this.#buffer.writeInt32BE(high, at);
    this.#buffer.writeUInt32BE(value - high * 2 ** 32, at + 4);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.byteLength(value);
    this.int16(bytes);
    const at = this.#take(bytes);
    this.#buffer.write(value, at, bytes, "utf8");
    return this;
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  bytes(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  raw(value: Uint8Array): this {
    const at = this.#take(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }
}

/** Reads the same fields. @throws RangeError if the bytes are fewer than they claim */
export class BinaryReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#buffer.length) throw this.endsTooSoon();
    this.#at += bytes;
    return at;
  }

  protected endsTooSoon(): Error {
    return new RangeError("the answer is truncated");
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  /** Rounded beyond 2^53. */
  int64(): number {
    const at = this.#take(8);
    return this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4);
  }

  #text(bytes: number): string {
    const at = this.#take(bytes);
    return this.#buffer.toString("utf8", at, at + bytes);
  }

  string(): string {
    return this.#text(this.int16());
  }

  nullableString(): string | null {
    const bytes = this.int16();
    return bytes < 0 ? null : this.#text(bytes);
  }

  /** Not copied. */
  raw(length: number): Buffer {
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  bytes(): Buffer {
    return this.raw(this.int32());
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.raw(length);
  }

  /** The unread rest. Not copied. */
  get rest(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  /** Null counts as empty. */
  array<T>(read: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let count = 0; count < length; count += 1) items.push(read());
    return items;
  }

  /** Skips an array of int32. */
  skipInt32s(): void {
    const length = this.int32();
    if (length > 0) this.#take(4 * length);
  }
}
