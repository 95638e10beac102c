import { guaranteedBytes, mayAdmit } from "../../../lib/rules/limits/byte-share.ts";
import { nextFetchBytes, smallestFetchBytes } from "../../../lib/rules/limits/fetch-size.ts";

/** One topic's share of the memory for records in flight. */
export interface ByteShare {
  /** Takes memory; whether there is any is asked before. */
  hold(bytes: number): void;
  give(bytes: number): void;
  /** Of what was fetched and is not decoded: so much more, as sent; negative: less. */
  fetched(bytes: number): void;
  /**
   * Of what is held, so much more waits for what comes next tells (negative: less). It keeps nothing of its own topic from being
   * admitted: what is larger than the topic's share would wait for it, and it for that, for good.
   */
  idle(bytes: number): void;
  /** Whether it may fetch more. */
  readonly mayFetch: boolean;
  /** How much may be decoded now of what will take so much; 0: nothing. A single record batch may take more. */
  room(expectedBytes: number): number;
  /** `onRoom` is called once there may be more of either. */
  wait(): void;
  /** There may be more, for a reason of the topic's own. */
  announce(): void;
  /** Gives everything back and leaves the budget. */
  leave(): void;
}

/** What sizes one partition's fetches. */
export interface FetchPace {
  /** What the last fetch was allowed; null: there was none. */
  limit: number | null;
  /** What it brought, decoded. */
  brought: number;
}

export interface ByteBounds {
  /** `kafka.inFlight.maxBytes`. */
  readonly maxBytes: number;
  /** Of one topic. */
  readonly readAhead: number;
}

/** The memory that records between fetch and outcome may take on this host, shared by its topics. */
export interface ByteBudget {
  /** @param onRoom called after `wait`, once */
  join(onRoom: () => void): ByteShare;
  /** How many bytes the next fetch is to ask for. */
  nextFetch(pace: FetchPace): number;
  /** It fetches no more. */
  forget(pace: FetchPace): void;
  resize(bounds: ByteBounds): void;
  readonly usedBytes: number;
}

/** At once, so that others get their turn, and no more than so much is there without being counted. */
const PIECE_BYTES = 8 * 1024 * 1024;
/** With less room than that, it is waited for more, unless no more is wanted. */
const LEAST_PIECE_BYTES = 1024 * 1024;

export function createByteBudget(boundsAtStart: ByteBounds): ByteBudget {
  let bounds = boundsAtStart;
  let used = 0;
  /** Fetched and not decoded, as sent. */
  let undecoded = 0;
  let topics = 0;
  /** Partitions whose last fetch was allowed more than the smallest size. */
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
    /** Of it, what waits for what comes next. */
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
      // Something of each topic has to come through, whatever the others hold.
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
