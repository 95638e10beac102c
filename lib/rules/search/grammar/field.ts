import { parseGroup } from "./boolean.ts";
import {
  type Bound,
  type FieldTest,
  type Part,
  type Query,
  QueryError,
  quotedText,
  type ValueTest,
} from "./query.ts";
import {
  fieldHead,
  type FieldHead,
  isAtEnd,
  readQuoted,
  readWord,
  type Scanner,
  skipSpace,
} from "./scanner.ts";

const rangeRule = "is no range: write [1 TO 5], 1..5 or >= 1; a value with brackets stands in quotes";

/**
 * Reads a test of a field: `field: value`, `field: "x y"`, `field: (a or b)`, `field: x*`, `field: *` for any value,
 * `field >= 5`, `field: [1 TO 5]` (`{` and `}` exclude the ends, `*` leaves one open), `field: 1..5`.
 * @returns null, at the same place, if none begins here
 * @throws QueryError
 */
export function parseField(scanner: Scanner): Query | null {
  const head = fieldHead(scanner);
  if (head === null) return null;
  const { text, at, depth } = scanner;
  const name: Part = { at, text: head.name };
  scanner.at = head.valueAt;
  if (head.operator === ":" && text[head.valueAt] === "(") {
    const one = (inside: Scanner): Query => oneOfSeveral(inside, head, name);
    const group = parseGroup(scanner, one);
    if (group !== null) return group;
  }
  const { test, ...value } = readValue(scanner, head);
  const whole = { at, text: text.slice(at, scanner.at) };
  if (value.text === "" || depth !== scanner.depth) throw new QueryError(whole, "lacks a value");
  const isOneLetter = name.text.length === 1;
  const mayBeText =
    head.operator === ":" &&
    head.isAttached &&
    test.kind !== "exists" &&
    !name.text.startsWith('"') &&
    (isOneLetter || /^[/\\]|:/.test(value.text));
  return { kind: "field", field: head.field, test, name, value, whole, mayBeText };
}

interface Value extends Part {
  readonly test: ValueTest;
}

/** A value in parentheses. Nothing between two is not understood, as some take it for `AND`, others for `OR`. */
function oneOfSeveral(scanner: Scanner, head: FieldHead, name: Part): FieldTest {
  const { test, ...value } = readValue(scanner, { ...head, valueAt: scanner.at });
  const { text, depth } = scanner;
  if (!isAtEnd(scanner) && !/^(?:and|or)[\s(]/i.test(text.slice(scanner.at))) {
    const next = { at: scanner.at, text: readWord({ text, at: scanner.at, depth }) || '"' };
    throw new QueryError(next, "needs AND or OR before it; a value of several words stands in quotes");
  }
  return { kind: "field", field: head.field, test, name, value, whole: null, mayBeText: false };
}

function readValue(scanner: Scanner, { operator }: FieldHead): Value {
  const { text, at: start } = scanner;
  const compared = operator === ":" ? /^[<>]=?/.exec(text.slice(start))?.[0] : operator;
  if (compared === undefined) {
    const test = readBrackets(scanner) ?? valueTest(readPlain(scanner));
    return { at: start, text: text.slice(start, scanner.at), test };
  }
  if (operator === ":") scanner.at += compared.length;
  skipSpace(scanner);
  const { value } = readPlain(scanner);
  const part = { at: start, text: text.slice(start, scanner.at) };
  if (value === "") throw new QueryError(part, "needs a value to compare with");
  const bound: Bound = { value, included: compared.endsWith("=") };
  const isFrom = compared.startsWith(">");
  return { ...part, test: { kind: "range", from: isFrom ? bound : null, to: isFrom ? null : bound } };
}

interface Plain {
  readonly value: string;
  readonly isQuoted: boolean;
}

/** @throws QueryError if a quote is never closed */
function readPlain(scanner: Scanner): Plain {
  const { text, at } = scanner;
  const quoted = readQuoted(scanner);
  if (quoted !== null) return { value: quoted, isQuoted: true };
  if (text[at] === '"') throw new QueryError({ at, text: text.slice(at) }, "is a quote that is never closed");
  return { value: readWord(scanner), isQuoted: false };
}

const brackets = /[[{]\s*("(?:[^"\\]|\\[^])*"|\S+)\s+to\s+("(?:[^"\\]|\\[^])*"|[^\s\]}]+)\s*[\]}]/iy;

/** @throws QueryError if brackets hold no range */
function readBrackets(scanner: Scanner): ValueTest | null {
  const { text, at } = scanner;
  if (!/[[{]/.test(text[at] ?? "")) return null;
  brackets.lastIndex = at;
  const found = brackets.exec(text);
  const wrong = (): QueryError => {
    const word = {
      at,
      text:
        text
          .slice(at)
          .match(/^[^\]}]*[\]}]?/)?.[0]
          .trimEnd() ?? "[",
    };
    return new QueryError(word, rangeRule, [quotedText(word.text)]);
  };
  if (found === null) throw wrong();
  const [whole, from = "", to = ""] = found;
  scanner.at = brackets.lastIndex;
  const test = rangeTest(
    { value: endOf(from), included: whole.startsWith("[") },
    { value: endOf(to), included: whole.endsWith("]") },
  );
  if (test === null) throw wrong();
  return test;
}

function endOf(text: string): string {
  return readQuoted({ text, at: 0, depth: 0 }) ?? (text === "*" ? "" : text);
}

/** @returns null if both ends are open */
function rangeTest(from: Bound, to: Bound): ValueTest | null {
  if (from.value === "" && to.value === "") return null;
  return { kind: "range", from: from.value === "" ? null : from, to: to.value === "" ? null : to };
}

const dots = /^(-?\.?\d[^]*?|now[^]*?)?\.\.(-?\.?\d[^]*|now[^]*)?$/i;

function valueTest({ value, isQuoted }: Plain): ValueTest {
  if (isQuoted || value === "") return { kind: "is", value };
  if (/^\*+$/.test(value)) return { kind: "exists" };
  if (value.includes("*")) return { kind: "like", pattern: value.replaceAll(/\*+/g, "*") };
  const [, from = "", to = ""] = dots.exec(value) ?? [];
  const ends = [from, to].map((end): Bound => ({ value: end, included: true }));
  return rangeTest(ends[0] ?? none, ends[1] ?? none) ?? { kind: "is", value };
}

const none: Bound = { value: "", included: true };
