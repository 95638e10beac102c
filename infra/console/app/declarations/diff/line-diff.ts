/** One line of a comparison; `gap` stands for lines that are the same on both sides. */
export type DiffLine =
  | { readonly kind: "same" | "removed" | "added"; readonly text: string }
  | { readonly kind: "gap"; readonly count: number };

/** Lines around a change that are shown. */
const CONTEXT = 3;
/** Above so many comparisons the whole middle counts as changed: 2,000 changed lines against 2,000. */
const MAX_COMPARISONS = 4_000_000;

/**
 * What of a key's text changed, line by line. A list that stands in one line is broken into one entry a line first, or its
 * every change would be a change of everything.
 * @param before null: the key is absent
 */
export function lineDiff(before: string | null, after: string | null): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const same = (lines: readonly string[]) => lines.map((text) => ({ kind: "same" as const, text }));
  return withGaps([
    ...same(a.slice(0, start)),
    ...middleDiff(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]);
}

type Line = Exclude<DiffLine, { kind: "gap" }>;

/** By the longest common subsequence. */
function middleDiff(a: readonly string[], b: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ kind: "removed", text });
  const added = (text: string): Line => ({ kind: "added", text });
  if (a.length * b.length > MAX_COMPARISONS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(left));
      i += 1;
    } else {
      lines.push(added(right ?? ""));
      j += 1;
    }
  }
  return lines;
}

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

function linesOf(text: string | null): string[] {
  if (text === null) return [];
  return text.includes("\n") ? text.split("\n") : entryLines(text);
}

/** `[{…}, {…}]` as four lines; what is no list stays one. */
function entryLines(text: string): string[] {
  const lines: string[] = [];
  let depth = 0;
  let from = 0;
  // Strings are skipped whole, so that brackets and commas inside them do not count.
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
  return lines.length > 3 && from === text.length ? lines : [text];
}
