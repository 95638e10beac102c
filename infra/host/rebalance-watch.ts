/**
 * Looks at all groups while hosts come and go. A host that joins or leaves does so in all its groups within seconds, and a
 * group stands still from the first member that notices until the last one does, which an idle one would after its long
 * poll. So the first group in which this host notices a rebalance has it ask about all others.
 */
export interface RebalanceWatch {
  /** A group is rebalancing. */
  notice(): void;
  stop(): void;
}

export interface RebalanceWatchDeps {
  /** How many would be asked about. */
  topics(): number;
  /** Asks about each of them, one small request. */
  look(): void;
}

/** How long after a rebalance others are looked for: as long as an idle member would take to notice by itself. */
const WATCH_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** So that all of them together are asked about a thousand times a second at most. */
const MS_PER_TOPIC = 1;

export function createRebalanceWatch(deps: RebalanceWatchDeps): RebalanceWatch {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;

  const lookAfter = (afterMs: number, leftMs: number): void => {
    timer = setTimeout(() => {
      timer = null;
      deps.look();
      const everyMs = Math.max(LOOK_EVERY_MS, deps.topics() * MS_PER_TOPIC);
      if (everyMs <= leftMs) lookAfter(everyMs, leftMs - everyMs);
    }, afterMs);
  };

  return {
    notice() {
      if (timer === null && !stopped) lookAfter(0, WATCH_MS);
    },
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
