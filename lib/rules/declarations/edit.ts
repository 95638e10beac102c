import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../base/errors.ts";
import type { DeclarationTarget } from "../model/declaration.ts";

/** A change to the list of declarations in one etcd key. */
export type DeclarationsEdit =
  | {
      readonly kind: "add";
      readonly target: DeclarationTarget;
      /** The new entry; names the target. */
      readonly entry: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: "replace";
      /** The entry to replace. */
      readonly target: DeclarationTarget;
      /** The new entry; names `named`, which may be another target. */
      readonly entry: Readonly<Record<string, unknown>>;
      readonly named: DeclarationTarget;
    }
  | { readonly kind: "remove"; readonly target: DeclarationTarget };

export type DeclarationsEditResult =
  | { readonly kind: "changed"; readonly text: string; readonly how: "added" | "replaced" | "removed" }
  | { readonly kind: "unchanged" }
  /** One sentence about the broken rule, and the part of the edit that breaks it. */
  | { readonly kind: "refused"; readonly reason: string; readonly about: "key" | "target" | "declaration" };

/** An element of the array as value and as source text. */
interface Element {
  readonly value: unknown;
  readonly text: string;
}

/**
 * The text of a key after the edit. All other entries, valid or not, keep their order and every byte of their text.
 * An added entry replaces the first one of the same target; further ones of that target are removed, because they never
 * had any effect.
 *
 * @param text the key's value; null if the key is absent, which counts as an empty list
 */
export function editDeclarations(text: string | null, edit: DeclarationsEdit): DeclarationsEditResult {
  const source = text ?? "[]";
  let elements: Element[];
  try {
    const values: unknown = JSON.parse(source);
    if (!Array.isArray(values)) return refused("key", "its value is not a JSON array");
    elements = elementTexts(source).map((text, place) => ({ text, value: values[place] }));
  } catch (error) {
    return refused("key", `its value is not valid JSON: ${messageOf(error)}`);
  }

  const first = elements.findIndex(({ value }) => isEntryOf(edit.target, value));
  const others = elements.filter(({ value }) => !isEntryOf(edit.target, value));
  const layout = layoutOf(source);
  if (edit.kind !== "add" && first < 0) {
    return refused("target", `it does not declare "${nameOf(edit.target)}"`);
  }
  if (edit.kind === "remove") {
    return { kind: "changed", how: "removed", text: joinElements(others, layout) };
  }
  if (edit.kind === "replace" && others.some(({ value }) => isEntryOf(edit.named, value))) {
    return refused("declaration", `it already declares "${nameOf(edit.named)}" in another entry`);
  }
  const entry = { value: edit.entry, text: JSON.stringify(edit.entry) };
  if (first < 0) return { kind: "changed", how: "added", text: joinElements([...others, entry], layout) };
  const duplicates = elements.length - others.length > 1;
  if (!duplicates && isDeepStrictEqual(elements[first]?.value, edit.entry)) return { kind: "unchanged" };
  return { kind: "changed", how: "replaced", text: joinElements(others.toSpliced(first, 0, entry), layout) };
}

/** The topic or pattern that a target names. */
export function nameOf(target: DeclarationTarget): string {
  return target.kind === "topic" ? target.topic : target.pattern;
}

function refused(about: "key" | "target" | "declaration", reason: string): DeclarationsEditResult {
  return { kind: "refused", about, reason };
}

/** A plain string is short for an entry with that topic. */
function isEntryOf(target: DeclarationTarget, value: unknown): boolean {
  if (typeof value === "string") return target.kind === "topic" && value === target.topic;
  if (typeof value !== "object" || value === null) return false;
  return new Map<string, unknown>(Object.entries(value)).get(target.kind) === nameOf(target);
}

/**
 * The source texts of a valid JSON array's elements. Parsing and printing would round long numbers, and drop duplicate
 * names and the layout of other entries.
 */
function elementTexts(source: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = 0;
  // The pattern matches whole strings, so that brackets and commas in them do not count.
  for (const { 0: token, index } of source.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/g)) {
    const ends = depth === 1 && (token === "," || token === "]");
    if (ends) texts.push(source.slice(start, index).trim());
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (ends || (token === "[" && depth === 1)) start = index + 1;
  }
  return texts.length === 1 && texts[0] === "" ? [] : texts;
}

/** The white space around a list's elements. */
interface Layout {
  readonly before: string;
  readonly after: string;
}

/** One entry per line if the list is empty or already has line breaks, else all on one line. */
function layoutOf(source: string): Layout {
  const before = /^\s*\[(\s*)/.exec(source)?.[1] ?? "";
  const after = /(\s*)\]\s*$/.exec(source)?.[1] ?? "";
  const empty = /^\s*\[\s*\]\s*$/.test(source);
  return empty ? { before: "\n  ", after: "\n" } : { before, after };
}

function joinElements(elements: readonly Element[], { before, after }: Layout): string {
  if (elements.length === 0) return "[]";
  const separator = before.includes("\n") ? `,${before}` : ", ";
  return `[${before}${elements.map(({ text }) => text).join(separator)}${after}]`;
}
