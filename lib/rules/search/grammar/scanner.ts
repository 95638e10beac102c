/** A place in the text of a query. */
export interface Scanner {
  readonly text: string;
  at: number;
  /** The number of parentheses that are open here. */
  depth: number;
}

export function skipSpace(scanner: Scanner): void {
  const { text } = scanner;
  while (scanner.at < text.length && /\s/.test(text[scanner.at] ?? "")) scanner.at += 1;
}

export function isAtEnd(scanner: Scanner): boolean {
  skipSpace(scanner);
  const { text, at, depth } = scanner;
  return at >= text.length || (depth > 0 && text[at] === ")");
}

/** Reads to the next white space, quote, or closing parenthesis of a group. `main()` is one word. */
export function readWord(scanner: Scanner): string {
  const { text, at: start, depth } = scanner;
  let opened = 0;
  for (; scanner.at < text.length; scanner.at += 1) {
    const character = text[scanner.at] ?? "";
    if (/[\s"]/.test(character)) break;
    if (character === "(") opened += 1;
    if (character !== ")") continue;
    if (opened === 0 && depth > 0) break;
    opened = Math.max(0, opened - 1);
  }
  return text.slice(start, scanner.at);
}

/**
 * Reads a text in quotes. Within, `\"` is a quote and `\\` a backslash; other backslashes stand for themselves.
 * @returns null, at the same place, if none begins here or it is never closed
 */
export function readQuoted(scanner: Scanner): string | null {
  const { text, at } = scanner;
  if (text[at] !== '"') return null;
  for (let end = at + 1; end < text.length; end += text[end] === "\\" ? 2 : 1) {
    if (text[end] !== '"') continue;
    scanner.at = end + 1;
    return text.slice(at + 1, end).replaceAll(/\\(["\\])/g, "$1");
  }
  return null;
}

/** The place of the parenthesis that closes the one at `open`; -1 if there is none. Those in quotes do not count. */
export function closingAt(text: string, open: number): number {
  const scanner: Scanner = { text, at: open, depth: 0 };
  let depth = 0;
  let isAnyClosed = true;
  while (scanner.at < text.length) {
    if (isAnyClosed && text[scanner.at] === '"') {
      if (readQuoted(scanner) !== null) continue;
      // All that follow are escaped, or this one would be closed: none of them is either.
      isAnyClosed = false;
    }
    if (text[scanner.at] === "(") depth += 1;
    if (text[scanner.at] === ")") depth -= 1;
    if (depth === 0) return scanner.at;
    scanner.at += 1;
  }
  return -1;
}

/** The beginning of a test of a field, up to its value. */
export interface FieldHead {
  readonly field: string;
  /** The name as typed, possibly in quotes. */
  readonly name: string;
  readonly operator: ":" | ">=" | "<=" | ">" | "<";
  /** Where the value begins. */
  readonly valueAt: number;
  /** Whether no space separates operator and value. */
  readonly isAttached: boolean;
}

const head =
  /(?<name>"(?:[^"\\]|\\[^])+"|[\p{L}_@](?:[\p{L}\p{N}_@.-]*[\p{L}\p{N}_])?)(?:(?<colon>:)|\s*(?<comparison>[<>]=?))(?<space>\s*)/uy;
const comparable = /^(?:"|-?\.?\d|now)/i;

/**
 * Reads ahead. A colon makes a field of the name before it, unless no value follows, or what follows is that of a URL, a
 * path of Windows, or a name of C++. A name begins with a letter, `_` or `@`, or is in quotes; so `12:30:01` is a text.
 * @returns null if no test of a field begins here
 */
export function fieldHead({ text, at, depth }: Scanner): FieldHead | null {
  head.lastIndex = at;
  const { name = "", colon, comparison, space = "" } = head.exec(text)?.groups ?? {};
  if (name === "") return null;
  const valueAt = head.lastIndex;
  const rest = text.slice(valueAt);
  const isAttached = space === "";
  if (isAtEnd({ text, at: valueAt, depth }) || !/^(?:[<>]=?\s*)?\S*[\p{L}\p{N}*"]/u.test(rest)) return null;
  if (colon !== undefined && isAttached && /^(?:\/\/|\\|:)/.test(rest)) return null;
  const operator = colon ?? comparison;
  if (!isOperator(operator)) return null;
  if ((operator === "<" || operator === ">") && !comparable.test(rest)) return null;
  const field = readQuoted({ text: name, at: 0, depth: 0 }) ?? name;
  return { field, name, operator, valueAt, isAttached };
}

function isOperator(text: string | undefined): text is FieldHead["operator"] {
  return text !== undefined && [":", ">=", "<=", ">", "<"].includes(text);
}
