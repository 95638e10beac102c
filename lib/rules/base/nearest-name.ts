/** @returns the closest known name, ignoring case; null if every name differs in more than a third of its letters */
export function nearestName(given: string, known: readonly string[]): string | null {
  if (given.length > 40) return null;
  const slipsIn = (name: string) => Math.max(1, Math.floor(name.length / 3));
  const [best] = known
    // The difference in length is a lower bound of the edit distance.
    .filter((name) => Math.abs(name.length - given.length) <= slipsIn(name))
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= slipsIn(name))
    .sort((a, b) => a.distance - b.distance);
  return best?.name ?? null;
}

/** The hint after an unknown name: the closest known name, or all of them. */
export function nameHint(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return nearest === null ? `known: ${known.join(", ")}` : `did you mean "${nearest}"?`;
}

/** The Levenshtein distance, counting two swapped letters as one slip (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substitution, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
