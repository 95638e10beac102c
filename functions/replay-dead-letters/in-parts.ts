import { PenstockError } from "../../lib/rules/base/errors.ts";

/** The parts of a replay, by the index that their letters are for. */
export interface ReplayParts {
  /**
   * Skips what is for an index that failed before.
   * @throws a failure that follows that of another index: it is the server's then
   */
  attempt(index: string, act: () => Promise<void>): Promise<void>;
  /** @throws PenstockError the first failure, naming all indices that failed */
  end(): void;
}

const MAX_NAMED = 20;

/** An index without a shard, say, must not keep the letters for others from being replayed. */
export function replayInParts(signal: AbortSignal): ReplayParts {
  const failed = new Map<string, PenstockError>();
  let hasJustFailed = false;
  return {
    async attempt(index, act) {
      if (failed.has(index)) return;
      try {
        await act();
        hasJustFailed = false;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PenstockError) || hasJustFailed) throw error;
        failed.set(index, error);
        hasJustFailed = true;
      }
    },
    end() {
      const [first] = failed.values();
      if (first === undefined) return;
      const names = [...failed.keys()].slice(0, MAX_NAMED).join(", ");
      const { code, message, retryable } = first;
      throw new PenstockError(
        code,
        `${message}. The letters for ${names} were not replayed; all others were`,
        { retryable, cause: first },
      );
    },
  };
}
