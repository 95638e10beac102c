/** One member of a JSON object as raw text, so that numbers keep all their digits. */
export interface JsonMember {
  readonly name: string;
  /** With quotes and escapes. */
  readonly rawName: string;
  readonly rawValue: string;
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
const BACKSLASH = 0x5c;

/**
 * The members of a JSON object by name, in the order of their first appearance. The last of two equal names wins, as in
 * `JSON.parse`. The text must be a valid JSON object: check it with `JSON.parse` first.
 */
export function jsonMembers(text: string): Map<string, JsonMember> {
  const members = new Map<string, JsonMember>();
  let at = nextToken(text, text.indexOf("{") + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const nameEnd = endOfString(text, at);
    const rawName = text.slice(at, nameEnd);
    const valueStart = nextToken(text, nextToken(text, nameEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    const name = rawName.includes("\\") ? String(JSON.parse(rawName)) : rawName.slice(1, -1);
    members.set(name, { name, rawName, rawValue: text.slice(valueStart, valueEnd) });
    const separator = nextToken(text, valueEnd);
    at = text.charCodeAt(separator) === COMMA ? nextToken(text, separator + 1) : separator;
  }
  return members;
}

/** The elements of a JSON array as raw text. The text must be a valid JSON array. */
export function jsonElements(text: string): string[] {
  const elements: string[] = [];
  let at = nextToken(text, text.indexOf("[") + 1);
  while (at < text.length && !closes(text.charCodeAt(at))) {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    const separator = nextToken(text, end);
    at = text.charCodeAt(separator) === COMMA ? nextToken(text, separator + 1) : separator;
  }
  return elements;
}

/** Adds a member at the front of an object's text. */
export function withMember(rawObject: string, member: string): string {
  return jsonMembers(rawObject).size === 0 ? `{${member}}` : `{${member},${rawObject.slice(1)}`;
}

/** Joins members to an object's text by appending: a list of pieces would be copied at each level of nested objects. */
export function objectText(members: Iterable<JsonMember>): string {
  let text = "{";
  for (const { rawName, rawValue } of members)
    text += text.length === 1 ? `${rawName}:${rawValue}` : `,${rawName}:${rawValue}`;
  return `${text}}`;
}

/** The raw text of the value that `fieldAt` (event-time.ts) finds in an object of these members; null if none. */
export function rawFieldAt(members: ReadonlyMap<string, JsonMember>, path: string): string | null {
  const own = members.get(path)?.rawValue;
  const dot = path.indexOf(".");
  if (own !== undefined || dot === -1) return own ?? null;
  return rawFieldIn(members.get(path.slice(0, dot))?.rawValue ?? "", path.slice(dot + 1));
}

/** Likewise, in the raw text of a value; null if that is no object. */
export function rawFieldIn(rawValue: string, path: string): string | null {
  return rawValue.startsWith("{") ? rawFieldAt(jsonMembers(rawValue), path) : null;
}

/** The position of the first character at or after `from` that is not white space. */
export function nextToken(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** The position after the closing quote of the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    // After an odd number of backslashes the quote is part of the string.
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end + 1;
    at = end + 1;
  }
}

/** The position after the value that begins at `start`. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  let at = start;
  if (!opens(first)) {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === COMMA || closes(code) || isSpace(code)) return at;
      at += 1;
    }
  }
  let depth = 0;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (opens(code)) depth += 1;
    else if (closes(code)) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
}

function opens(code: number): boolean {
  return code === OPEN_OBJECT || code === OPEN_LIST;
}

/** Whether it is `}` or `]`. */
export function closes(code: number): boolean {
  return code === 0x7d || code === CLOSE_LIST;
}
