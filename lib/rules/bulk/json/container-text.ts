const LOOK = -1;

const SPACE = 0x20;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** The first byte of a byte-order mark. */
const MARK = 0xef;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;
const LETTER_T = 0x74;
const LETTER_U = 0x75;

/**
 * Returns where a JSON string's text ends without its final line end; -1 if the document encoder has to look at it,
 * because the rest is empty, may itself be an object, or ends in an unusual escape.
 * @param start after the string's opening quote
 * @param end its closing quote
 */
export function lineEnd(bytes: Buffer, start: number, end: number): number {
  if (mayBeObject(bytes, start, end)) return LOOK;
  let cut = end;
  if (isEscape(bytes, start, cut, LETTER_N)) {
    cut -= 2;
    if (isEscape(bytes, start, cut, LETTER_R)) cut -= 2;
    else if (endsInHexEscape(bytes, start, cut)) return LOOK;
  } else if (endsInHexEscape(bytes, start, cut)) return LOOK;
  return cut === start ? LOOK : cut;
}

/**
 * Returns the position of the closing brace if the text is an object followed by nothing but ordinary white space; -1
 * otherwise. Does not check that the object is valid.
 * @param start after the string's opening quote
 * @param end its closing quote
 */
export function objectEnd(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== OPEN_OBJECT) return LOOK;
  let at = end;
  for (;;) {
    if (bytes[at - 1] === SPACE) at -= 1;
    else if (isEscape(bytes, start, at, LETTER_N) || isEscape(bytes, start, at, LETTER_R)) at -= 2;
    else break;
  }
  return at - 1 > start && bytes[at - 1] === CLOSE_OBJECT ? at - 1 : LOOK;
}

/** Skips the same leading characters as lib/rules/documents/record-object.ts. */
function mayBeObject(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const byte = bytes[at];
    if (byte === SPACE) at += 1;
    else if (byte === BACKSLASH) {
      const escaped = bytes[at + 1];
      // A colour code begins plain text; any other `\u` escape may begin an object.
      if (escaped === LETTER_U) return !isEscapeCharacter(bytes, at + 2);
      if (escaped !== LETTER_N && escaped !== LETTER_R && escaped !== LETTER_T) return false;
      at += 2;
    } else return byte === OPEN_OBJECT || byte === MARK;
  }
  return false;
}

/** `001b` */
function isEscapeCharacter(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0x30 || bytes[at + 1] !== 0x30 || bytes[at + 2] !== 0x31) return false;
  return ((bytes[at + 3] ?? 0) | 0x20) === 0x62;
}

/** Whether the text before `end` ends in this escape: an even number of backslashes precedes it. */
function isEscape(bytes: Buffer, start: number, end: number, letter: number): boolean {
  if (end - start < 2 || bytes[end - 1] !== letter || bytes[end - 2] !== BACKSLASH) return false;
  let first = end - 2;
  while (first > start && bytes[first - 1] === BACKSLASH) first -= 1;
  return (end - 1 - first) % 2 === 1;
}

function endsInHexEscape(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= 6 && bytes[end - 6] === BACKSLASH && bytes[end - 5] === LETTER_U && bytes[end - 4] === 0x30
  );
}
