import { PenstockError } from "../../lib/rules/base/errors.ts";

/** The parts of a replay, by the index that their letters are for. */
export interface ReplayParts {
  /**
   * Skips what is for an index that failed before.
   * @throws PenstockError a failure that follows that of another index, as it is the server's then; naming all that failed
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
        if (!(error instanceof PenstockError)) throw error;
        failed.set(index, error);
        if (hasJustFailed) throw failure(error, "nothing after them was tried");
        hasJustFailed = true;
      }
    },
    end() {
      const [first] = failed.values();
      if (first !== undefined) throw failure(first, "all others were tried");
    },
  };

  function failure(cause: PenstockError, others: string): PenstockError {
    const { code, message, retryable } = cause;
    const names = [...failed.keys()].slice(0, MAX_NAMED).join(", ");
    return new PenstockError(code, `${message}. Not all letters for ${names} were taken; ${others}`, {
      retryable,
      cause,
    });
  }
}
