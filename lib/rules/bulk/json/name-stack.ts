const BACKSLASH = 0x5c;
const DELETE = 0x7f;
/** The first byte of control characters beyond ASCII. */
const HIGH_CONTROL = 0xc2;

/** The bytes that send a name to the document encoder. */
const LOOKS = new Uint8Array(256);
for (const byte of [BACKSLASH, DELETE, HIGH_CONTROL]) LOOKS[byte] = 1;

/** Objects with more names go to the document encoder, since each name may be compared with all before it. */
const MAX_NAMES = 64;

/** Hashes a name to one of 32 bits; 0 if it has an escape or may need cleaning (lib/rules/documents/clean-name.ts). */
export function nameBit(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let visible = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (LOOKS[byte] === 1) return 0;
    if (byte > 0x20 && byte < 0x80) visible = true;
    hash = (hash * 31 + byte) | 0;
  }
  return visible ? 1 << (hash & 31) : 0;
}

/** Start and end of the names of nested objects, those of the innermost last. */
export class NameStack {
  count = 0;
  #positions = new Int32Array(2 * 256);

  truncate(count: number): void {
    this.count = count;
  }

  /** Whether a name from `first` on is the same. */
  has(bytes: Uint8Array, first: number, start: number, end: number): boolean {
    for (let name = first; name < this.count; name += 1) {
      const other = this.#positions[2 * name] ?? 0;
      const otherEnd = this.#positions[2 * name + 1] ?? 0;
      if (otherEnd - other === end - start && isSame(bytes, other, start, end)) return true;
    }
    return false;
  }

  /** @returns false if there are too many from `first` on */
  push(first: number, start: number, end: number): boolean {
    if (this.count - first === MAX_NAMES) return false;
    const at = 2 * this.count;
    if (at === this.#positions.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.#positions);
      this.#positions = grown;
    }
    this.#positions[at] = start;
    this.#positions[at + 1] = end;
    this.count += 1;
    return true;
  }
}

function isSame(bytes: Uint8Array, other: number, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[other + at - start] !== bytes[at]) return false;
  return true;
}
