import { guaranteedBytes, mayAdmit } from "../../../lib/rules/limits/byte-share.ts";
import { nextFetchBytes, smallestFetchBytes } from "../../../lib/rules/limits/fetch-size.ts";

/** One topic's share of the memory for records in flight. */
export interface ByteShare {
  /** Takes memory; callers ask `room` first. */
  hold(bytes: number): void;
  give(bytes: number): void;
  /** Adds to the fetched but undecoded bytes, in their encoded size; negative: less. */
  fetched(bytes: number): void;
  /**
   * Adds to the held bytes that wait for evidence (negative: less). They do not count against the topic's own share:
   * otherwise a batch larger than the rest of the share would wait for them, and they for it, forever.
   */
  idle(bytes: number): void;
  readonly mayFetch: boolean;
  /** How many of the expected bytes may be decoded now; 0: none. A single record batch may take more. */
  room(expectedBytes: number): number;
  /** Calls `onRoom` once `mayFetch` or `room` may have changed. */
  wait(): void;
  /** The topic itself may take more again: calls `onRoom` if it waits. */
  announce(): void;
  leave(): void;
}

/** The recent fetches of one partition, which size the next one. */
export interface FetchPace {
  /** The limit of the last fetch; null: none yet. */
  limit: number | null;
  /** The decoded bytes it returned. */
  brought: number;
}

export interface ByteBounds {
  readonly maxBytes: number;
  readonly readAhead: number;
}

/** The memory for records between fetch and outcome, shared by the host's topics. */
export interface ByteBudget {
  /** @param onRoom called once after each `wait` */
  join(onRoom: () => void): ByteShare;
  nextFetch(pace: FetchPace): number;
  forget(pace: FetchPace): void;
  resize(bounds: ByteBounds): void;
  readonly usedBytes: number;
}

/** Upper bound of one decoded piece: others get their turn, and no more than this exists uncounted. */
const PIECE_BYTES = 8 * 1024 * 1024;
/** With less room than this, decoding waits for more, unless it needs less. */
const LEAST_PIECE_BYTES = 1024 * 1024;

export function createByteBudget(boundsAtStart: ByteBounds): ByteBudget {
  let bounds = boundsAtStart;
  let used = 0;
  /** Fetched and not decoded, in encoded size. */
  let undecoded = 0;
  let topics = 0;
  /** Partitions whose last fetch had more than the smallest limit. */
  let busy = 0;
  const waiting = new Set<Share>();
  let announced = false;

  const announce = (): void => {
    if (announced || waiting.size === 0) return;
    announced = true;
    queueMicrotask(() => {
      announced = false;
      const woken = [...waiting];
      waiting.clear();
      for (const share of woken) share.onRoom();
    });
  };

  class Share implements ByteShare {
    readonly onRoom: () => void;
    #held = 0;
    /** The part of `#held` that waits for evidence. */
    #idle = 0;
    #undecoded = 0;
    #left = false;

    constructor(onRoom: () => void) {
      this.onRoom = onRoom;
    }

    hold(bytes: number): void {
      if (this.#left) return;
      this.#held += bytes;
      used += bytes;
    }

    give(bytes: number): void {
      if (bytes === 0) return;
      this.hold(-bytes);
      announce();
    }

    fetched(bytes: number): void {
      if (this.#left) return;
      this.#undecoded += bytes;
      undecoded += bytes;
      if (bytes < 0) announce();
    }

    idle(bytes: number): void {
      this.#idle += bytes;
      announce();
    }

    get mayFetch(): boolean {
      const { maxBytes, readAhead } = bounds;
      const own = this.#held - this.#idle + this.#undecoded;
      // Each topic gets something through, whatever the others hold.
      if (own === 0) return undecoded < maxBytes / 4;
      if (own < guaranteedBytes(maxBytes, topics)) return true;
      return own < Math.min(maxBytes / 4, readAhead) && used + undecoded < maxBytes;
    }

    room(expectedBytes: number): number {
      const bytes = Math.min(expectedBytes, LEAST_PIECE_BYTES);
      const held = this.#held - this.#idle;
      if (this.#left || !mayAdmit({ bytes, held, used, topics, ...bounds })) return 0;
      const guaranteed = guaranteedBytes(bounds.maxBytes, topics) - held;
      const more = Math.min(bounds.maxBytes / 4 - held, bounds.readAhead - held, bounds.maxBytes - used);
      return Math.min(PIECE_BYTES, Math.max(1, bytes, guaranteed, more));
    }

    wait(): void {
      if (!this.#left) waiting.add(this);
    }

    announce(): void {
      if (waiting.has(this)) announce();
    }

    leave(): void {
      if (this.#left) return;
      this.fetched(-this.#undecoded);
      this.give(this.#held);
      this.#left = true;
      waiting.delete(this);
      topics -= 1;
      announce();
    }
  }

  const isBusy = ({ limit }: FetchPace): boolean => limit !== null && limit > smallestFetchBytes;

  return {
    join(onRoom) {
      topics += 1;
      return new Share(onRoom);
    },
    nextFetch(pace) {
      if (isBusy(pace)) busy -= 1;
      const free = Math.max(0, bounds.maxBytes - used - undecoded);
      pace.limit = nextFetchBytes({
        lastLimit: pace.limit,
        lastBytes: pace.brought,
        free,
        busyTopics: busy + 1,
      });
      pace.brought = 0;
      if (isBusy(pace)) busy += 1;
      return pace.limit;
    },
    forget(pace) {
      if (isBusy(pace)) busy -= 1;
      pace.limit = null;
    },
    resize(wanted) {
      bounds = wanted;
      announce();
    },
    get usedBytes() {
      return used;
    },
  };
}
