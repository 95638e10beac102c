import { isUtf8 } from "node:buffer";
import { UNESCAPED_SLACK, unescapeInto } from "./unescaped-text.ts";

/**
 * How JSON escapes each byte in a string (RFC 8259, section 7): 0 means not at all, 1 means `\u00XX`, and any other
 * value is the character that follows the backslash.
 */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(1, 0, 0x20);
for (const [byte, letter] of [
  [0x08, "b"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0c, "f"],
  [0x0d, "r"],
  [0x22, '"'],
  [0x5c, "\\"],
] as const)
  ESCAPES[byte] = letter.charCodeAt(0);

const LONGEST_ESCAPE = 6;
const BACKSLASH = 0x5c;
const HEX = Buffer.from("0123456789abcdef");

/** A growing, append-only buffer. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far. Not a copy: it shares the writer's memory until the buffer grows. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Discards everything past `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** For short pieces: copies byte by byte, because a call into the runtime would cost more. */
  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    const buffer = this.#buffer;
    const start = this.#length;
    for (let at = 0; at < source.length; at += 1) buffer[start + at] = source[at] ?? 0;
    this.#length = start + source.length;
  }

  range(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    source.copy(this.#buffer, this.#length, start, end);
    this.#length += end - start;
  }

  text(source: string): void {
    this.#reserve(Buffer.byteLength(source));
    this.#length += this.#buffer.write(source, this.#length);
  }

  /** Writes an integer from 0 to 2^53 − 1 in decimal. */
  digits(value: number): void {
    this.#reserve(16);
    let rest = value;
    let count = 1;
    for (let power = 10; power <= value; power *= 10) count += 1;
    let at = this.#length + count;
    this.#length = at;
    const buffer = this.#buffer;
    while (rest > 0x7fffffff) {
      const next = Math.floor(rest / 10);
      buffer[--at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    let small = rest | 0;
    do {
      const next = (small / 10) | 0;
      buffer[--at] = 0x30 + (small - next * 10);
      small = next;
    } while (small > 0);
  }

  /**
   * Writes UTF-8 text as the inside of a JSON string, byte for byte as `JSON.stringify` does.
   * @returns false if it is not UTF-8; the caller must then truncate what was written
   */
  jsonText(source: Uint8Array): boolean {
    this.#reserve(source.length * LONGEST_ESCAPE);
    const buffer = this.#buffer;
    let at = this.#length;
    let seen = 0;
    for (let position = 0; position < source.length; position += 1) {
      const byte = source[position] ?? 0;
      const escape = ESCAPES[byte] ?? 0;
      seen |= byte;
      if (escape === 0) {
        buffer[at++] = byte;
        continue;
      }
      buffer[at++] = BACKSLASH;
      if (escape !== 1) {
        buffer[at++] = escape;
        continue;
      }
      buffer[at++] = 0x75;
      buffer[at++] = 0x30;
      buffer[at++] = 0x30;
      buffer[at++] = HEX[byte >> 4] ?? 0;
      buffer[at++] = HEX[byte & 0xf] ?? 0;
    }
    this.#length = at;
    return seen < 0x80 || isUtf8(source);
  }

  /** Writes part of a JSON string's text with its escapes decoded. */
  unescaped(source: Buffer, start: number, end: number): void {
    const limit = end - start;
    this.#reserve(limit + UNESCAPED_SLACK);
    this.#length = unescapeInto(this.#buffer, this.#length, source, { start, end, limit });
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
