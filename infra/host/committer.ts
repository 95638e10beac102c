import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import { abortable } from "../../lib/rules/abortable.ts";
import type { PartitionLedger } from "./partition-ledger.ts";

/** Commits what the ledger allows, never more than one request at a time. */
export interface Committer {
  /** Whose right to commit counts from now on. */
  assign(assignment: Assignment): void;
  /** Something may have become committable. */
  schedule(): void;
  /** Resolves once nothing is left to commit. @throws the signal's reason */
  flush(signal: AbortSignal): Promise<void>;
  /** One try at all that may be committed by now; says by `onFailed` where it failed. */
  commitNow(): Promise<void>;
  close(): void;
}

export interface CommitterDeps {
  readonly ledger: PartitionLedger;
  readonly now: () => number;
  readonly onFailed: (error: unknown) => void;
}

/** Commits are gathered for so long: the first one after a pause goes out at once. */
const INTERVAL_MS = 500;
const RETRY_MS = 1_000;

export function createCommitter({ ledger, now, onFailed }: CommitterDeps): Committer {
  let assignment: Assignment | null = null;
  let committing: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let nextAtMs = 0;
  let closed = false;

  const schedule = (): void => {
    if (timer !== null || committing !== null || closed) return;
    timer = setTimeout(
      () => {
        timer = null;
        void commit();
      },
      // Bounded from above too: the clock may have been set back.
      Math.min(RETRY_MS, Math.max(0, nextAtMs - now())),
    );
  };

  const commit = (): Promise<void> => {
    committing ??= commitOnce().finally(() => {
      committing = null;
      if (ledger.uncommitted().size > 0) schedule();
    });
    return committing;
  };

  const commitOnce = async (): Promise<void> => {
    const current = assignment;
    const offsets = ledger.uncommitted();
    if (current === null || offsets.size === 0) return;
    nextAtMs = now() + INTERVAL_MS;
    try {
      await current.commit(offsets, ledger.checkpoints());
      ledger.markCommitted(current.generation, offsets, now());
    } catch (error) {
      // Nothing is lost by it: the offsets go out with the next commit of this generation, or what they cover is
      // read again under the next one.
      nextAtMs = now() + RETRY_MS;
      onFailed(error);
    }
  };

  return {
    schedule,
    assign(next) {
      assignment = next;
    },
    async flush(signal) {
      while (ledger.uncommitted().size > 0) {
        await abortable(commit(), signal);
        if (ledger.uncommitted().size > 0) await sleep(INTERVAL_MS, undefined, { signal });
      }
    },
    async commitNow() {
      // What is under way may know of less.
      await committing;
      await commit();
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
