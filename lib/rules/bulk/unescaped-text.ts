const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** By the letter after the backslash. Other characters represent themselves. */
const CONTROLS: (number | undefined)[] = [];
for (const [letter, code] of Object.entries({ b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 }))
  CONTROLS[letter.charCodeAt(0)] = code;

/** How many bytes the last character may exceed the limit by. */
export const UNESCAPED_SLACK = 3;

/**
 * Writes a JSON string's text with its escapes decoded, until it ends or `limit` bytes are written; the last character
 * may exceed that. The string must be valid and contain no lone surrogates.
 * @returns one past the last byte
 */
export function unescapeInto(
  into: Uint8Array,
  from: number,
  bytes: Buffer,
  { start, end, limit }: { readonly start: number; readonly end: number; readonly limit: number },
): number {
  const full = from + limit;
  let filled = from;
  let at = start;
  while (at < end && filled < full) {
    const byte = bytes[at] ?? 0;
    if (byte !== BACKSLASH) {
      into[filled++] = byte;
      at += 1;
    } else if (bytes[at + 1] === LETTER_U) {
      const unit = hexAt(bytes, at + 2);
      const isPair = unit >= 0xd800 && unit < 0xe000;
      const code = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (hexAt(bytes, at + 8) - 0xdc00) : unit;
      filled = writeUtf8(into, filled, code);
      at += isPair ? 12 : 6;
    } else {
      const escaped = bytes[at + 1] ?? 0;
      into[filled++] = CONTROLS[escaped] ?? escaped;
      at += 2;
    }
  }
  return filled;
}

/** Decodes the first bytes of such a text. The result is valid until the next call. */
export function createUnescapedHead(
  limit: number,
): (bytes: Buffer, start: number, end: number) => Uint8Array {
  const head = new Uint8Array(limit + UNESCAPED_SLACK);
  return (bytes, start, end) =>
    head.subarray(0, Math.min(limit, unescapeInto(head, 0, bytes, { start, end, limit })));
}

function hexAt(bytes: Buffer, at: number): number {
  return Number.parseInt(bytes.toString("latin1", at, at + 4), 16);
}

/** @returns the position after the character */
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
