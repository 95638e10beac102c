import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../base/errors.ts";
import type { DeclarationTarget } from "../model/declaration.ts";

/** A change to the list of declarations that one etcd key holds. */
export type DeclarationsEdit =
  | {
      readonly kind: "add";
      readonly target: DeclarationTarget;
      /** The entry as it shall stand there; names the target. */
      readonly entry: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: "replace";
      /** The entry that goes. */
      readonly target: DeclarationTarget;
      /** What stands in its place; names `named`, which may be another target. */
      readonly entry: Readonly<Record<string, unknown>>;
      readonly named: DeclarationTarget;
    }
  | { readonly kind: "remove"; readonly target: DeclarationTarget };

export type DeclarationsEditResult =
  | { readonly kind: "changed"; readonly text: string; readonly how: "added" | "replaced" | "removed" }
  | { readonly kind: "unchanged" }
  /** One sentence that says which rule stands against it, and what of the edit it is about. */
  | { readonly kind: "refused"; readonly reason: string; readonly about: "key" | "target" | "declaration" };

/** An element of the array: what it says, and its text as it stands. */
interface Element {
  readonly value: unknown;
  readonly text: string;
}

/**
 * The text of a key after the edit. Entries the edit is not about keep their text to the byte, whether or not they
 * are valid declarations, and their order. An added entry takes the place of the first of the same target; further ones
 * of that target go, as they never held.
 *
 * @param text what the key holds; null where it is absent, which reads as an empty list.
 */
export function editDeclarations(text: string | null, edit: DeclarationsEdit): DeclarationsEditResult {
  const source = text ?? "[]";
  let elements: Element[];
  try {
    const values: unknown = JSON.parse(source);
    if (!Array.isArray(values)) return refused("key", "it does not hold a JSON array");
    elements = elementTexts(source).map((text, place) => ({ text, value: values[place] }));
  } catch (error) {
    return refused("key", `it does not hold valid JSON: ${messageOf(error)}`);
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
    return refused("declaration", `it declares "${nameOf(edit.named)}" already, in another entry`);
  }
  const entry = { value: edit.entry, text: JSON.stringify(edit.entry) };
  if (first < 0) return { kind: "changed", how: "added", text: joinElements([...others, entry], layout) };
  const duplicates = elements.length - others.length > 1;
  if (!duplicates && isDeepStrictEqual(elements[first]?.value, edit.entry)) return { kind: "unchanged" };
  return { kind: "changed", how: "replaced", text: joinElements(others.toSpliced(first, 0, entry), layout) };
}

/** The topic or pattern a target names. */
export function nameOf(target: DeclarationTarget): string {
  return target.kind === "topic" ? target.topic : target.pattern;
}

function refused(about: "key" | "target" | "declaration", reason: string): DeclarationsEditResult {
  return { kind: "refused", about, reason };
}

/** A bare string is short for an entry with that topic. */
function isEntryOf(target: DeclarationTarget, value: unknown): boolean {
  if (typeof value === "string") return target.kind === "topic" && value === target.topic;
  if (typeof value !== "object" || value === null) return false;
  return new Map<string, unknown>(Object.entries(value)).get(target.kind) === nameOf(target);
}

/**
 * The texts of a valid JSON array's elements. Parsing and printing again would not do: it rounds long numbers, drops
 * doubled names and the layout of entries that are not ours.
 */
function elementTexts(source: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = 0;
  // Strings are skipped whole, so that brackets and commas inside them do not count.
  for (const { 0: token, index } of source.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/g)) {
    const ends = depth === 1 && (token === "," || token === "]");
    if (ends) texts.push(source.slice(start, index).trim());
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (ends || (token === "[" && depth === 1)) start = index + 1;
  }
  return texts.length === 1 && texts[0] === "" ? [] : texts;
}

/** The white space a list is laid out with. */
interface Layout {
  readonly before: string;
  readonly after: string;
}

/** One entry a line where the list is spread over lines or empty, all in one line otherwise. */
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
