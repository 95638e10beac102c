/** A wrapper such as `bun run` passes on what the terminal, or whoever ends a process group, has sent to both. */
const ONE_WISH_MS = 1_000;

/**
 * Tells the first signal to end, its doubles (the same signal again within a second), and a second one.
 * @param monotonicMs milliseconds of a clock that is never set
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
    return signal === first.signal && monotonicMs() - first.at < ONE_WISH_MS ? "double" : "second";
  };
}
