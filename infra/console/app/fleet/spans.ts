/** `0–2, 5`: partitions in ascending order, runs of at least three together. */
export function spansText(partitions: readonly number[]): string {
  const spans: { from: number; to: number }[] = [];
  for (const partition of partitions) {
    const last = spans.at(-1);
    if (last !== undefined && last.to === partition - 1) last.to = partition;
    else spans.push({ from: partition, to: partition });
  }
  return spans
    .map(({ from, to }) => (from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}–${to}`))
    .join(", ");
}
