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
  /**
   * Decodes what is about to be taken, once there is room for it, and holds the memory until it is taken, or what
   * it returns is called: what comes out of compressed bytes is not known before. One at a time in a host, so that no more than
   * one such piece is ever there without being counted. An abort ends it, without a word.
   * @returns what gives back the memory of what was not taken
   * @throws what `meanwhile` and decoding throw
   */
  decode(work: DecodingWork, meanwhile: () => Promise<void>, signal: AbortSignal): Promise<() => void>;
  give(bytes: number): void;
  /**
   * Of what is held, so much more waits for what comes next tells (negative: less). It keeps nothing of its own topic from being
   * admitted: what is larger than the topic's share would wait for it, and it for that, for good.
   */
  idle(bytes: number): void;
  /** How many bytes the topic's next fetch is to ask for. What was taken since this was asked counts as its last fetch. */
  nextFetchBytes(): number;
  /** Gives everything back and leaves the budget. */
  leave(): void;
}

export interface DecodingWork {
  /** A guess. */
  readonly expectedBytes: number;
  /** @returns the bytes it takes */
  decode(): Promise<number>;
  /** Lets go of what was decoded; it may be decoded again. */
  drop(): void;
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
  /** The end of the decoding under way. */
  let decoding: Promise<unknown> = Promise.resolve();
  /** Replaced whenever something was given back, so that every waiter looks again. */
  let freed = Promise.withResolvers<void>();

  const announce = (): void => {
    const { resolve } = freed;
    freed = Promise.withResolvers<void>();
    resolve();
  };

  const join = (): ByteShare => {
    let held = 0;
    /** Of it, what was decoded and not taken yet. */
    let reserved = 0;
    /** Of it too, what waits for what comes next. */
    let idle = 0;
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
    const admits = (bytes: number): boolean =>
      mayAdmit({ bytes, held: held - idle, used, topics, ...bounds });
    const hold = (bytes: number): void => {
      held += bytes;
      used += bytes;
    };
    const room = async (
      bytes: number,
      meanwhile: () => Promise<void>,
      signal: AbortSignal,
    ): Promise<void> => {
      while (!admits(bytes)) {
        await waitFor(freed.promise, MEANWHILE_MS, signal);
        await meanwhile();
      }
      signal.throwIfAborted();
    };
    const unreserve = (): void => {
      const bytes = reserved;
      reserved = 0;
      if (bytes > 0) give(bytes);
    };
    /** @returns the bytes that it takes, and that there is no room for; null: they are reserved */
    const decodeInTurn = async (
      work: DecodingWork,
      expected: number,
      meanwhile: () => Promise<void>,
      signal: AbortSignal,
    ): Promise<number | null> => {
      const before = decoding;
      const ended = Promise.withResolvers<void>();
      decoding = Promise.all([before, ended.promise]);
      try {
        let isMine = false;
        void before.then(() => (isMine = true));
        while (!isMine) {
          await waitFor(before, MEANWHILE_MS, signal);
          if (!isMine) await meanwhile();
        }
        if (!admits(expected)) return expected;
        const bytes = await work.decode();
        if (left) return null;
        if (!admits(bytes)) {
          work.drop();
          return bytes;
        }
        hold(bytes);
        reserved = bytes;
        return null;
      } finally {
        ended.resolve();
      }
    };
    return {
      give,
      idle(bytes) {
        idle += bytes;
        announce();
      },
      async decode(work, meanwhile, signal) {
        unreserve();
        try {
          for (let wanted: number | null = work.expectedBytes; wanted !== null;) {
            await room(wanted, meanwhile, signal);
            wanted = await decodeInTurn(work, wanted, meanwhile, signal);
          }
        } catch (error) {
          if (!signal.aborted) throw error;
        }
        return unreserve;
      },
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
        unreserve();
        await room(bytes, meanwhile, signal);
        hold(bytes);
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
async function waitFor(promise: Promise<unknown>, waitMs: number, signal: AbortSignal): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, waitMs);
  try {
    await abortable(Promise.race([promise, timeout.promise]), signal);
  } finally {
    clearTimeout(timer);
  }
}
