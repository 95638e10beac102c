const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** By letter behind a backslash; the others stand for themselves. */
const CONTROLS: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/**
 * The first bytes of the text within a JSON string, at most `length`, as they are without escapes. They are good until the
 * next call. The string must be valid, whole surrogate pairs included.
 */
export function createUnescapedHead(
  length: number,
): (bytes: Buffer, start: number, end: number) => Uint8Array {
  // A character has up to four bytes, of which the last ones may not belong to the head any more.
  const head = new Uint8Array(length + 3);
  return (bytes, start, end) => {
    let filled = 0;
    let at = start;
    while (at < end && filled < length) {
      const byte = bytes[at] ?? 0;
      if (byte !== BACKSLASH) {
        head[filled++] = byte;
        at += 1;
      } else if (bytes[at + 1] === LETTER_U) {
        const unit = hexAt(bytes, at + 2);
        const isPair = unit >= 0xd800 && unit < 0xe000;
        const code = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (hexAt(bytes, at + 8) - 0xdc00) : unit;
        filled = writeUtf8(head, filled, code);
        at += isPair ? 12 : 6;
      } else {
        const escaped = bytes[at + 1] ?? 0;
        head[filled++] = CONTROLS.get(escaped) ?? escaped;
        at += 2;
      }
    }
    return head.subarray(0, Math.min(filled, length));
  };
}

function hexAt(bytes: Buffer, at: number): number {
  return Number.parseInt(bytes.toString("latin1", at, at + 4), 16);
}

/** @returns where the next one goes */
function writeUtf8(into: Uint8Array, start: number, code: number): number {
  let at = start;
  if (code < 0x80) into[at++] = code;
  else {
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    into[at++] = ((0xf00 >> more) & 0xff) | (code >> (6 * more));
    for (let shift = 6 * (more - 1); shift >= 0; shift -= 6) into[at++] = 0x80 | ((code >> shift) & 0x3f);
  }
  return at;
}
