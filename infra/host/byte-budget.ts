import { abortable } from "../../lib/rules/abortable.ts";
import { mayAdmit } from "../../lib/rules/byte-share.ts";
import { nextFetchBytes, smallestFetchBytes } from "../../lib/rules/fetch-size.ts";

/** One topic's share of the memory for records in flight. */
export interface ByteShare {
  /**
   * Takes `bytes`, waiting until they may be taken. While it waits, `meanwhile` is called about once a second;
   * what that throws ends the wait.
   * @throws the signal's reason, or what `meanwhile` throws
   */
  take(bytes: number, meanwhile: () => Promise<void>, signal: AbortSignal): Promise<void>;
  give(bytes: number): void;
  /** How many bytes the topic's next fetch is to ask for. What was taken since this was asked counts as its last fetch. */
  nextFetchBytes(): number;
  /** Gives everything back and leaves the budget. */
  leave(): void;
}

export interface ByteBounds {
  /** `kafka.inFlight.maxBytes`. */
  readonly maxBytes: number;
  /** Of one topic. */
  readonly readAhead: number;
}

/** The memory that records between fetch and outcome may take on this host, shared by its topics. */
export interface ByteBudget {
  join(): ByteShare;
  resize(bounds: ByteBounds): void;
  readonly usedBytes: number;
}

const MEANWHILE_MS = 1_000;

export function createByteBudget(boundsAtStart: ByteBounds): ByteBudget {
  let bounds = boundsAtStart;
  let used = 0;
  let topics = 0;
  /** Topics whose last fetch was allowed more than the smallest size. */
  let busyTopics = 0;
  /** Replaced whenever something was given back, so that every waiter looks again. */
  let freed = Promise.withResolvers<void>();

  const announce = (): void => {
    const { resolve } = freed;
    freed = Promise.withResolvers<void>();
    resolve();
  };

  const join = (): ByteShare => {
    let held = 0;
    let left = false;
    let lastLimit: number | null = null;
    let lastBytes = 0;
    topics += 1;
    const isBusy = (): boolean => lastLimit !== null && lastLimit > smallestFetchBytes;
    const give = (bytes: number): void => {
      if (left) return;
      held -= bytes;
      used -= bytes;
      announce();
    };
    return {
      give,
      leave() {
        if (left) return;
        give(held);
        left = true;
        topics -= 1;
        if (isBusy()) busyTopics -= 1;
      },
      nextFetchBytes() {
        if (left) return smallestFetchBytes;
        if (isBusy()) busyTopics -= 1;
        const free = Math.max(0, bounds.maxBytes - used);
        lastLimit = nextFetchBytes({ lastLimit, lastBytes, free, busyTopics: busyTopics + 1 });
        lastBytes = 0;
        if (isBusy()) busyTopics += 1;
        return lastLimit;
      },
      async take(bytes, meanwhile, signal) {
        while (!mayAdmit({ bytes, held, used, topics, ...bounds })) {
          await waitFor(freed.promise, MEANWHILE_MS, signal);
          await meanwhile();
        }
        signal.throwIfAborted();
        held += bytes;
        used += bytes;
        lastBytes += bytes;
      },
    };
  };

  return {
    join,
    resize(wanted) {
      bounds = wanted;
      announce();
    },
    get usedBytes() {
      return used;
    },
  };
}

/** Resolves with the promise or after `waitMs`, whichever comes first. @throws the signal's reason */
async function waitFor(promise: Promise<void>, waitMs: number, signal: AbortSignal): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, waitMs);
  try {
    await abortable(Promise.race([promise, timeout.promise]), signal);
  } finally {
    clearTimeout(timer);
  }
}
