import { allOf, anyOf, type Part, type Query, QueryError } from "./query.ts";
import { closingAt, fieldHead, isAtEnd, type Scanner, skipSpace } from "./scanner.ts";

/** Elasticsearch refuses queries that are nested deeper than 30, and each parenthesis may take three. */
const maxDepth = 8;

/**
 * Reads one operand.
 * @returns null if it asks for nothing, like a lone dash
 * @throws QueryError
 */
export type ReadOperand = (scanner: Scanner) => Query | null;

/** Reads operands with `OR`, `AND` or nothing between them, up to the end or a closing parenthesis. `AND` binds first. */
export function parseAny(scanner: Scanner, read: ReadOperand): Query | null {
  const queries = [parseAll(scanner, read, false)];
  for (;;) {
    const operator = takeOperator(scanner, "or", anyOf(queries));
    if (operator === null) return anyOf(queries);
    queries.push(needed(operator, parseAll(scanner, read, true)));
  }
}

function parseAll(scanner: Scanner, read: ReadOperand, isAfterOr: boolean): Query | null {
  let all: Query | null = null;
  let isAfterOperator = isAfterOr;
  while (!isAtEnd(scanner) && operatorAt(scanner, "or", all) === null) {
    const operator = takeOperator(scanner, "and", all);
    const query = parseNot(scanner, read, isAfterOperator || operator !== null);
    all = allOf([all, operator === null ? query : needed(operator, query)]);
    isAfterOperator = false;
  }
  return all;
}

function parseNot(scanner: Scanner, read: ReadOperand, isAfterOperator: boolean): Query | null {
  skipSpace(scanner);
  const { text, at, depth } = scanner;
  const word = wordOf(scanner, "not");
  if (word === null || !(word === "NOT" || isAfterOperator || isBeforeTest({ text, at: at + 3, depth })))
    return read(scanner);
  scanner.at += word.length;
  const query = isAtEnd(scanner) ? null : parseNot(scanner, read, true);
  return negated(needed({ at, text: word }, query));
}

function isBeforeTest(scanner: Scanner): boolean {
  skipSpace(scanner);
  return scanner.text[scanner.at] === "(" || fieldHead(scanner) !== null;
}

export function negated(query: Query): Query {
  return query.kind === "not" ? query.of : { kind: "not", of: query };
}

function takeOperator(scanner: Scanner, name: "and" | "or", left: Query | null): Part | null {
  const operator = operatorAt(scanner, name, left);
  if (operator !== null) scanner.at += operator.text.length;
  return operator;
}

/** @throws QueryError if nothing stands before an operator in upper case; one in lower case is then a word */
function operatorAt(scanner: Scanner, name: "and" | "or", left: Query | null): Part | null {
  skipSpace(scanner);
  const { text, at, depth } = scanner;
  const word = wordOf(scanner, name);
  if (word === null) return null;
  const isUpper = word === word.toUpperCase();
  if (left === null && isUpper) throw lacksOperand({ at, text: word }, "before");
  const hasBoth = left !== null && !isAtEnd({ text, at: at + word.length, depth });
  return isUpper || hasBoth ? { at, text: word } : null;
}

/** The word at this place as it is written, if it is this one in any case. */
function wordOf({ text, at }: Scanner, name: string): string | null {
  const word = text.slice(at, at + name.length);
  return word.toLowerCase() === name && /[\s()"]/.test(text[at + name.length] ?? " ") ? word : null;
}

function needed(operator: Part, query: Query | null): Query {
  if (query === null) throw lacksOperand(operator, "after");
  return query;
}

function lacksOperand(operator: Part, side: "before" | "after"): QueryError {
  const rule = `needs something ${side} it; in quotes it is looked for as a word`;
  return new QueryError(operator, rule, [`"${operator.text}"`]);
}

/**
 * Reads a group in parentheses.
 * @returns null, at the same place, if none begins here: parentheses around nothing are text
 */
export function parseGroup(scanner: Scanner, read: ReadOperand): Query | null {
  const { text, at, depth } = scanner;
  if (text[at] !== "(") return null;
  const close = closingAt(text, at);
  const within = text.slice(at + 1, close === -1 ? undefined : close);
  if (!(close === -1 ? /^[^\s]*["\p{L}\p{N}]/u : /[*\p{L}\p{N}]/u).test(within)) return null;
  if (close === -1) {
    const word = /^[^\s"]+/.exec(text.slice(at))?.[0] ?? "(";
    const rule = "is a parenthesis that is never closed; in quotes it is looked for as text";
    throw new QueryError({ at, text: word }, rule, [`"${word}"`]);
  }
  const part = { at, text: text.slice(at, close + 1) };
  if (depth >= maxDepth) throw new QueryError(part, `is nested too deep: at most ${maxDepth} parentheses`);
  scanner.at = at + 1;
  scanner.depth = depth + 1;
  const query = parseAny(scanner, read);
  if (text[scanner.at] !== ")") throw new QueryError(part, "has parentheses that do not belong together");
  scanner.at += 1;
  scanner.depth = depth;
  return query ?? { kind: "text", text: part.text, form: "whole" };
}
