import { PenstockError } from "../../base/errors.ts";

/** What a search asks for; null asks for nothing, so everything matches. */
export type Query = AllOf | AnyOf | Not | TextTest | FieldTest;

/** At least two. */
export interface AllOf {
  readonly kind: "all";
  readonly of: readonly Query[];
}

/** At least two. */
export interface AnyOf {
  readonly kind: "any";
  readonly of: readonly Query[];
}

export interface Not {
  readonly kind: "not";
  readonly of: Query;
}

/** A text that any field may contain. */
export interface TextTest {
  readonly kind: "text";
  /** As typed, never empty; for a prefix without its `*`. */
  readonly text: string;
  /** A `wildcard` has `*` between letters or digits, and no other punctuation. */
  readonly form: "whole" | "prefix" | "wildcard";
}

/** A value that one field must have. */
export interface FieldTest {
  readonly kind: "field";
  readonly field: string;
  readonly test: ValueTest;
  /** Where the field's name is. */
  readonly name: Part;
  /** Where the value is. */
  readonly value: Part;
  /** Both as typed, which may turn out to be plain text; null for one of several values in parentheses. */
  readonly whole: Part | null;
  /** Whether it is plain text if no index has such a field: `nginx:1.2:x`, `a:/b`. */
  readonly mayBeText: boolean;
}

export type ValueTest =
  | { readonly kind: "is"; readonly value: string }
  /** `*` stands for any characters. */
  | { readonly kind: "like"; readonly pattern: string }
  /** The field has any value. */
  | { readonly kind: "exists" }
  /** At least one end is not null. */
  | { readonly kind: "range"; readonly from: Bound | null; readonly to: Bound | null };

export interface Bound {
  readonly value: string;
  /** Whether the value itself is in the range. */
  readonly included: boolean;
}

/** A part of the text of a query. */
export interface Part {
  /** In UTF-16 units from the beginning. */
  readonly at: number;
  readonly text: string;
}

/** A search that is not understood. Says which part, and what may stand there. */
export class QueryError extends PenstockError {
  readonly part: Part;
  /** What may stand there instead, as whole replacements of the part. */
  readonly instead: readonly string[];

  constructor(part: Part, rule: string, instead: readonly string[] = []) {
    super("usage", `${shown(part.text)} at character ${part.at + 1} of the search ${rule}`);
    this.part = part;
    this.instead = instead;
  }
}

function shown(text: string): string {
  return `“${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
}

/** A text as it must be typed to be looked for as it is. */
export function quotedText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** The tests of a query that name a field. */
export function fieldTests(query: Query | null): FieldTest[] {
  if (query === null || query.kind === "text") return [];
  if (query.kind === "field") return [query];
  return query.kind === "not" ? fieldTests(query.of) : query.of.flatMap(fieldTests);
}

/** The texts of a query that may be in any field. */
export function textTests(query: Query | null): TextTest[] {
  if (query === null || query.kind === "field") return [];
  if (query.kind === "text") return [query];
  return query.kind === "not" ? textTests(query.of) : query.of.flatMap(textTests);
}

/** @returns null if there is none: nothing is asked for */
export function allOf(queries: readonly (Query | null)[]): Query | null {
  return combined("all", queries);
}

/** @returns null if there is none */
export function anyOf(queries: readonly (Query | null)[]): Query | null {
  return combined("any", queries);
}

function combined(kind: "all" | "any", queries: readonly (Query | null)[]): Query | null {
  const of = queries.flatMap((query) => (query === null ? [] : query.kind === kind ? query.of : [query]));
  return of.length > 1 ? { kind, of } : (of[0] ?? null);
}
