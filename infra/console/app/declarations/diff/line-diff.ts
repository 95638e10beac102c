import { diffArrays } from "diff";

/** One line of a comparison; a `gap` replaces equal lines far from any change. */
export type DiffLine =
  | { readonly kind: "same" | "removed" | "added"; readonly text: string }
  | { readonly kind: "gap"; readonly count: number };

/** Equal lines shown around a change. */
const CONTEXT = 3;
/** More changed lines than this are shown as a whole: finding the smallest difference would block the page. */
const MAX_CHANGES = 800;

/**
 * The change of a key's text, line by line. A list written in one line is first split into one entry per line, since every
 * change would change all of it otherwise.
 * @param before null if the key is absent
 */
export function lineDiff(before: string | null, after: string | null): DiffLine[] {
  const hasSeveral = [before, after].some((text) => entryLines(text ?? "").length > 3);
  const [a, b] = [linesOf(before, hasSeveral), linesOf(after, hasSeveral)];
  // In a list that JSON allows, a comma belongs to the place and not to the entry before it.
  const comparator = [before, after].every(isJson) ? sameButComma : Object.is;
  const changes = diffArrays(a, b, { maxEditLength: MAX_CHANGES, comparator }) ?? [
    { value: a, removed: true, added: false },
    { value: b, removed: false, added: true },
  ];
  return withGaps(
    changes.flatMap(({ value, removed, added }) =>
      value.map((text) => ({ kind: removed ? "removed" : added ? "added" : "same", text }) as const),
    ),
  );
}

function isJson(text: string | null): boolean {
  try {
    JSON.parse(text ?? "null");
    return true;
  } catch {
    return false;
  }
}

function sameButComma(a: string, b: string): boolean {
  return a.replace(/,$/, "") === b.replace(/,$/, "");
}

type Line = Exclude<DiffLine, { kind: "gap" }>;

function withGaps(lines: readonly Line[]): DiffLine[] {
  const near = new Uint8Array(lines.length);
  for (const [place, { kind }] of lines.entries()) {
    if (kind !== "same") near.fill(1, Math.max(0, place - CONTEXT), place + CONTEXT + 1);
  }
  const shown: DiffLine[] = [];
  for (const [place, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near[place] === 1) shown.push(line);
    else if (last?.kind === "gap") shown[shown.length - 1] = { kind: "gap", count: last.count + 1 };
    else shown.push({ kind: "gap", count: 1 });
  }
  return shown;
}

/** @param hasSeveral whether one of the texts is a list of several entries */
function linesOf(text: string | null, hasSeveral: boolean): string[] {
  if (text === null) return [];
  if (text.includes("\n")) return text.split("\n");
  return hasSeveral ? entryLines(text) : [text];
}

/** Splits `[{…}, {…}]` into four lines; anything but a list with entries stays one line. */
function entryLines(text: string): string[] {
  const lines: string[] = [];
  let depth = 0;
  let from = 0;
  // Strings are matched whole, so that brackets and commas inside them do not count.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/g)) {
    if (token === "[" || token === "{") depth += 1;
    if (token === "[" && depth === 1) {
      lines.push("[");
      from = index + 1;
    }
    if (token === "," && depth === 1) {
      lines.push(`  ${text.slice(from, index + 1).trim()}`);
      from = index + 1;
    }
    if (token === "]" && depth === 1) {
      lines.push(`  ${text.slice(from, index).trim()}`, text.slice(index).trim());
      from = text.length;
    }
    if (token === "]" || token === "}") depth -= 1;
  }
  return lines.length > 2 && lines[1]?.trim() !== "" && from === text.length ? lines : [text];
}
