/** The known name at most a third of its letters away, letter case aside; null: none is near. */
export function nearestName(given: string, known: readonly string[]): string | null {
  if (given.length > 40) return null;
  const [best] = known
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best?.name ?? null;
}

/** What to say after an unknown name: the near one, or all of them. */
export function nameHint(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return nearest === null ? `known: ${known.join(", ")}` : `did you mean "${nearest}"?`;
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
