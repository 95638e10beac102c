export interface Debounce {
  readonly trigger: (reason: string) => void;
  /** Drops what is pending. */
  readonly stop: () => void;
}

const QUIET_MS = 50;
const MAX_MS = 250;

/**
 * Fires at once for the first trigger after {@link QUIET_MS} of silence, as most changes come alone. Triggers that follow
 * sooner fire once, with the latest reason: `QUIET_MS` after the last of them, but at most `MAX_MS` after the first.
 */
export function createDebounce(fire: (reason: string) => void): Debounce {
  let lastAt = -Infinity;
  /** When the first pending trigger came; null if none is pending. */
  let firstAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    trigger(reason) {
      clearTimeout(timer);
      const now = performance.now();
      const wasQuiet = firstAt === null && now - lastAt >= QUIET_MS;
      lastAt = now;
      if (wasQuiet) {
        fire(reason);
        return;
      }
      firstAt ??= now;
      const delayMs = Math.max(0, Math.min(QUIET_MS, firstAt + MAX_MS - now));
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
