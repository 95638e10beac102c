import { maxNumberLength } from "../../json/parser-limits.ts";
import { nameBit, NameStack } from "./name-stack.ts";

/** Objects nested deeper go to the document encoder. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The bytes at which a plain run of a JSON string ends: a quote, a backslash, and those that are not allowed. */
const STRING_BREAKS = new Uint8Array(256);
STRING_BREAKS.fill(1, 0, 0x20);
STRING_BREAKS[QUOTE] = 1;
STRING_BREAKS[BACKSLASH] = 1;

const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
/** By first byte. */
const LITERALS: (Buffer | undefined)[] = [];
for (const literal of ["true", "false", "null"]) LITERALS[literal.charCodeAt(0)] = Buffer.from(literal);

const HIGH = 1;
const LOW = 2;

/** Nothing found, or not valid JSON. */
const NONE = -1;

/**
 * Validates one JSON object (RFC 8259) strictly and finds its own members, without creating any values. Built for
 * speed, it accepts only simple cases: no line break between tokens, no escape in a name, no duplicate or blank
 * names in nested objects, no depth beyond 64, no number of more than 1,000 characters. What it rejects may still be JSON. Callers check that bytes beyond ASCII
 * are UTF-8, and the names of the object's own members.
 */
export class JsonScanner {
  /** The number of members of the last object. */
  count = 0;
  /** Four positions for each member: start and end of its name without quotes, and of its value. */
  #positions = new Int32Array(4 * 64);
  /** Whether there is no white space between the members, their names and values. */
  compact = true;
  #bytes: Uint8Array = new Uint8Array();
  /** The names of the nested objects being read. */
  readonly #names = new NameStack();

  nameStart(member: number): number {
    return this.#positions[4 * member] ?? 0;
  }

  nameEnd(member: number): number {
    return this.#positions[4 * member + 1] ?? 0;
  }

  valueStart(member: number): number {
    return this.#positions[4 * member + 2] ?? 0;
  }

  valueEnd(member: number): number {
    return this.#positions[4 * member + 3] ?? 0;
  }

  /** @returns whether the bytes are one accepted JSON object with at least one member */
  scan(bytes: Uint8Array): boolean {
    this.#bytes = bytes;
    this.count = 0;
    this.compact = true;
    this.#names.truncate(0);
    let at = this.#afterAnySpace(0);
    if (bytes[at] !== OPEN_OBJECT) return false;
    at += 1;
    for (;;) {
      const nameAt = this.#afterSpace(at);
      if (bytes[nameAt] !== QUOTE) return false;
      const nameEnd = this.#string(nameAt + 1);
      if (nameEnd === NONE || this.#hasBackslash(nameAt + 1, nameEnd - 1)) return false;
      const colonAt = this.#afterSpace(nameEnd);
      if (bytes[colonAt] !== COLON) return false;
      const valueAt = this.#afterSpace(colonAt + 1);
      const valueEnd = this.#value(valueAt, 1);
      if (valueEnd === NONE) return false;
      this.#add(nameAt + 1, nameEnd - 1, valueAt, valueEnd);
      const next = this.#afterSpace(valueEnd);
      if (nameAt !== at || colonAt !== nameEnd || valueAt !== colonAt + 1 || next !== valueEnd)
        this.compact = false;
      at = next + 1;
      if (bytes[next] === COMMA) continue;
      return bytes[next] === CLOSE_OBJECT && this.#afterAnySpace(at) === bytes.length;
    }
  }

  #add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const first = 4 * this.count;
    if (first === this.#positions.length) {
      const grown = new Int32Array(2 * first);
      grown.set(this.#positions);
      this.#positions = grown;
    }
    this.#positions[first] = nameStart;
    this.#positions[first + 1] = nameEnd;
    this.#positions[first + 2] = valueStart;
    this.#positions[first + 3] = valueEnd;
    this.count += 1;
  }

  /** @returns one past its end, or NONE */
  #value(at: number, depth: number): number {
    const first = this.#bytes[at];
    if (first === QUOTE) return this.#string(at + 1);
    if (first === OPEN_OBJECT) return depth < MAX_DEPTH ? this.#object(at + 1, depth + 1) : NONE;
    if (first === OPEN_ARRAY) return depth < MAX_DEPTH ? this.#array(at + 1, depth + 1) : NONE;
    if (first === undefined) return NONE;
    if (first !== 0x2d && !isDigit(first)) return this.#literal(at);
    const end = this.#number(at);
    return end - at > maxNumberLength ? NONE : end;
  }

  #object(start: number, depth: number): number {
    const bytes = this.#bytes;
    let at = this.#afterSpace(start);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    const names = this.#names;
    const first = names.count;
    let seen = 0;
    for (;;) {
      if (bytes[at] !== QUOTE) return NONE;
      const nameEnd = this.#string(at + 1);
      if (nameEnd === NONE) return NONE;
      const bit = nameBit(bytes, at + 1, nameEnd - 1);
      if (bit === 0) return NONE;
      // Names rarely share a bit; only those that do are compared.
      if ((seen & bit) !== 0 && names.has(bytes, first, at + 1, nameEnd - 1)) return NONE;
      seen |= bit;
      if (!names.push(first, at + 1, nameEnd - 1)) return NONE;
      const colonAt = this.#afterSpace(nameEnd);
      if (bytes[colonAt] !== COLON) return NONE;
      const valueEnd = this.#value(this.#afterSpace(colonAt + 1), depth);
      if (valueEnd === NONE) return NONE;
      at = this.#afterSpace(valueEnd);
      if (bytes[at] === CLOSE_OBJECT) {
        names.truncate(first);
        return at + 1;
      }
      if (bytes[at] !== COMMA) return NONE;
      at = this.#afterSpace(at + 1);
    }
  }

  #array(start: number, depth: number): number {
    const bytes = this.#bytes;
    let at = this.#afterSpace(start);
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    for (;;) {
      const valueEnd = this.#value(at, depth);
      if (valueEnd === NONE) return NONE;
      at = this.#afterSpace(valueEnd);
      if (bytes[at] === CLOSE_ARRAY) return at + 1;
      if (bytes[at] !== COMMA) return NONE;
      at = this.#afterSpace(at + 1);
    }
  }

  /** @param start after the opening quote @returns one past the closing one, or NONE */
  #string(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    for (;;) {
      while (STRING_BREAKS[bytes[at] ?? 0] === 0) at += 1;
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      if (byte !== BACKSLASH) return NONE;
      const escaped = bytes[at + 1];
      at += 2;
      if (escaped === 0x75) {
        for (const end = at + 4; at < end; at += 1) if (!isHex(bytes[at])) return NONE;
        // Lone surrogates go to the document encoder: lib/rules/base/utf8-text.ts.
        const half = this.#surrogate(at - 4);
        if (half === LOW || (half === HIGH && !this.#isLowEscape(at))) return NONE;
        if (half === HIGH) at += 6;
      } else if (escaped === undefined || !ESCAPED.has(escaped)) return NONE;
    }
  }

  /** Returns which half of a surrogate pair the four digits at `at` are; 0 if neither. */
  #surrogate(at: number): number {
    if (((this.#bytes[at] ?? 0) | 0x20) !== 0x64) return 0;
    const second = (this.#bytes[at + 1] ?? 0) | 0x20;
    if (second < 0x38) return 0;
    return second <= 0x39 || second === 0x61 || second === 0x62 ? HIGH : LOW;
  }

  #isLowEscape(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at] !== BACKSLASH || bytes[at + 1] !== 0x75 || this.#surrogate(at + 2) !== LOW) return false;
    return isHex(bytes[at + 3]) && isHex(bytes[at + 4]) && isHex(bytes[at + 5]);
  }

  #number(start: number): number {
    const bytes = this.#bytes;
    let at = bytes[start] === 0x2d ? start + 1 : start;
    if (bytes[at] === 0x30) at += 1;
    else if ((at = this.#digits(at)) === NONE) return NONE;
    if (bytes[at] === 0x2e && (at = this.#digits(at + 1)) === NONE) return NONE;
    const exponent = bytes[at];
    if (exponent !== 0x65 && exponent !== 0x45) return at;
    const sign = bytes[at + 1];
    return this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }

  /** At least one. */
  #digits(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (isDigit(bytes[at])) at += 1;
    return at === start ? NONE : at;
  }

  #literal(start: number): number {
    const literal = LITERALS[this.#bytes[start] ?? 0];
    if (literal === undefined) return NONE;
    const end = start + literal.length;
    for (let at = start + 1; at < end; at += 1) if (this.#bytes[at] !== literal[at - start]) return NONE;
    return end;
  }

  #hasBackslash(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) if (this.#bytes[at] === BACKSLASH) return true;
    return false;
  }

  /** Skips white space except line breaks, which would end the document in a bulk body. */
  #afterSpace(start: number): number {
    let at = start;
    for (let byte = this.#bytes[at]; byte === 0x20 || byte === 0x09; byte = this.#bytes[at]) at += 1;
    return at;
  }

  /** Skips any white space around the object: none of it is copied. */
  #afterAnySpace(start: number): number {
    let at = start;
    while (isSpace(this.#bytes[at])) at += 1;
    return at;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
