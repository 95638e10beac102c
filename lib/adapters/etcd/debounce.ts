export interface Debounce {
  readonly trigger: (reason: string) => void;
  /** Drops what is pending. */
  readonly stop: () => void;
}

/**
 * Fires at once for the first trigger after `quietMs` of silence, as most changes come alone. Triggers that follow
 * sooner fire once, with the latest reason: `quietMs` after the last of them, but at most `maxMs` after the first.
 */
export function createDebounce(
  fire: (reason: string) => void,
  { quietMs = 50, maxMs = 250 }: { quietMs?: number; maxMs?: number } = {},
): Debounce {
  let lastAt = -Infinity;
  /** When the first pending trigger came; null if none is pending. */
  let firstAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    trigger(reason) {
      clearTimeout(timer);
      const now = performance.now();
      const wasQuiet = firstAt === null && now - lastAt >= quietMs;
      lastAt = now;
      if (wasQuiet) {
        fire(reason);
        return;
      }
      firstAt ??= now;
      const delayMs = Math.max(0, Math.min(quietMs, firstAt + maxMs - now));
      timer = setTimeout(() => {
        firstAt = null;
        fire(reason);
      }, delayMs);
    },
    stop() {
      clearTimeout(timer);
      firstAt = null;
    },
  };
}
