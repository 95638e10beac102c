/** A terminal signals the whole process group, and a wrapper such as `bun run` then forwards the signal: it arrives twice. */
const DOUBLE_MS = 1_000;

/**
 * Tells apart the first stop signal, its doubles (the same signal again within a second) and a second one.
 * @param monotonicMs reads a clock that never goes back, in milliseconds
 */
export function createSignalCount(
  monotonicMs: () => number,
): (signal: string) => "first" | "double" | "second" {
  let first: { readonly signal: string; readonly at: number } | null = null;
  return (signal) => {
    if (first === null) {
      first = { signal, at: monotonicMs() };
      return "first";
    }
    return signal === first.signal && monotonicMs() - first.at < DOUBLE_MS ? "double" : "second";
  };
}
