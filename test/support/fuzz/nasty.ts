import { expect } from "bun:test";
import * as fc from "fast-check";
import { anyText } from "../any-text.ts";

/** Texts known to break programs: names, paths, terminals, prototypes, numbers, times. */
export const nastyText: readonly string[] = [
  "",
  " ",
  "\t",
  "\0",
  "a\0b",
  ".",
  "..",
  "...",
  ".a",
  "a.",
  "a..b",
  "/",
  "../../etc/passwd",
  "_all",
  "_id",
  "_source",
  "_field_names",
  ".kibana",
  "*",
  "-*",
  "a,b",
  "a b",
  "UPPER",
  "ünï",
  "😀",
  "\u202Egnp.exe",
  "\u001B[2J\u001B[31m",
  "\u0085",
  "\u009B31m",
  "\u2028",
  "\uFEFF",
  "\uD800",
  "\uDC00x",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__consumer_offsets",
  "${A}",
  "${${A}}",
  "${A:-${B}}",
  "$${A}",
  "${",
  "${}",
  "${MISSING}",
  "{topic}",
  "{yyyy.MM.dd}",
  "{{{topic}}}",
  "{yyyy}",
  "true",
  "null",
  "~",
  "NaN",
  "-0",
  "1e400",
  "9".repeat(400),
  "0x1F",
  "2026-13-45",
  "2026-01-02T03:04:05Z",
  "12:30:45",
  "<script>alert(1)</script>",
  "'; DROP TABLE logs; --",
  "%s%n%00",
  "x".repeat(249),
  "x".repeat(250),
  "x".repeat(300),
  "x".repeat(70_000),
];

export const anyNasty: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nastyText) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
);

/** A value of any kind, with nasty names and texts. */
export const nastyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(anyNasty, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(anyNasty, tie("value")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** `text` with a few pieces removed, duplicated or inserted. */
export function mutated(texts: readonly string[], snippets: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(80)),
    insert: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...snippets) },
      { weight: 1, arbitrary: anyNasty },
    ),
    doubled: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([text, changes]) =>
      changes.reduce((current, { at, cut, insert, doubled }) => {
        const start = Math.floor(at * current.length);
        const piece = current.slice(start, start + cut);
        return current.slice(0, start) + insert + (doubled ? piece + piece : "") + current.slice(start + cut);
      }, text),
    );
}

/** Characters that control a terminal or reverse the direction of text; a line break separates problems. */
// eslint-disable-next-line no-control-regex
const acting = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]/u;

/** Messages about hostile input are short and harmless. */
export function expectHarmless(message: string, maxLength: number): void {
  expect(message.length).toBeLessThanOrEqual(maxLength);
  expect(acting.exec(message)?.[0].codePointAt(0)).toBeUndefined();
}

/** No input polluted the object prototype. */
export function expectCleanPrototypes(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(12);
  expect(Object.keys(Array.prototype)).toEqual([]);
}
