/** Collects the reasons to run reconcile. Made before the sources, which push, and before the loop, which pulls. */
export interface Triggers {
  /** Something may have changed. The reason is for the log only: every run compares everything. */
  push(reason: string): void;
  /** @returns the reasons since the last call, each once */
  take(): string[];
  /** Calls it after every push. One listener, which pulls what came earlier by itself. */
  onPush(act: () => void): void;
}

export function createTriggers(): Triggers {
  let reasons = new Set<string>();
  let tell = (): void => {};
  return {
    push(reason) {
      reasons.add(reason);
      tell();
    },
    take() {
      const taken = [...reasons];
      reasons = new Set();
      return taken;
    },
    onPush(act) {
      tell = act;
    },
  };
}
