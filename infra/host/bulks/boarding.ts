import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import type { BulkAnswer } from "../../../lib/rules/outcomes/bulk-answer.ts";
import { ByteWriter } from "../../../lib/rules/bulk/byte-writer.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { BulkRequests, SentPart } from "./bulk-requests.ts";

/** One topic's records that wait to be sent. */
export interface Sender {
  /** What waits now; read on `offer` and on `more`. */
  readonly documents: number;
  readonly bytes: number;
  /** True: goes alone, so that it neither delays others nor waits for them. */
  readonly alone: boolean;
  /** True: its last try failed. */
  readonly again: boolean;
  /** Called when there is a place: writes its records into the shared body. Null: it needs to board. */
  load?(out: ByteWriter): Boarded | null;
  /** Called when there is a place. Its first bulk, or its end, is due within a few microtasks. */
  board(seat: Seat): void;
}

/** A sender's part of the shared body. */
export interface Boarded extends SentPart {
  /** The shared body is complete. @param seatAfter makes the seat of an attempt that continues after a mixed answer */
  lieIn(whole: Buffer, seatAfter: SeatAfter): void;
}

/** How one bulk of a seat is sent. */
type SeatBulk = (
  body: Buffer,
  how: Parameters<IngestBatchDeps["bulk"]>[1] & Partial<Pick<SentPart, "isDue" | "mayMove">>,
) => Promise<BulkAnswer>;

export interface Seat {
  /** The first bulk travels with the others of the same boarding; later ones go alone, each with its own place. */
  readonly bulk: SeatBulk;
  /** False: it was answered late, so the topic's next bulk goes alone. */
  readonly fit: boolean;
  /** The attempt is over. Idempotent. */
  end(): void;
}

/** The seat of an attempt with nothing left to send. */
export const noSeat: Seat = {
  bulk: () => Promise.reject(new Error("nothing was to be sent")),
  fit: true,
  end() {},
};

/** Makes the seat of an attempt whose first bulk was already answered. */
export type SeatAfter = (answer: Promise<BulkAnswer>, fit: boolean, again: boolean) => Seat;

/** Time limit for those that board together to say what they send: one turn of the event loop. */
const BOARDING_MS = 5;
/** Upper bounds for what a document and its action add to the record, and for the writer's longest escapes. */
const FRAME_BYTES = 384;
const SLACK_BYTES = 2_048;
const MOST_BYTES = 1024 * 1024;

/**
 * Collects what these senders send: those that can write into the shared body at once, the others within `BOARDING_MS`.
 * @param go gets what travels together; later bulks go alone, through `requests`
 */
export function board(
  senders: readonly Sender[],
  requests: BulkRequests,
  time: Time,
  go: (parts: readonly SentPart[]) => void,
): void {
  const out = new ByteWriter(capacityFor(senders));
  const loads: Boarded[] = [];
  const others: Sender[] = [];
  for (const sender of senders) {
    const load = sender.load?.(out) ?? null;
    if (load === null) others.push(sender);
    else loads.push(load);
  }
  const { written } = out;
  const seatAfter: SeatAfter = (answer, fit, again) => new OwnSeat(null, requests, { again, answer, fit });
  for (const load of loads) load.lieIn(written, seatAfter);
  if (others.length === 0) {
    go(loads);
    return;
  }
  const departure = new Departure(others.length, (parts) => go([...loads, ...parts]));
  for (const sender of others) sender.board(new OwnSeat(departure, requests, { again: sender.again }));
  departure.wait(time);
}

const always = (): boolean => true;

function capacityFor(senders: readonly Sender[]): number {
  let bytes = SLACK_BYTES;
  for (const sender of senders) bytes += sender.bytes + sender.documents * FRAME_BYTES;
  return Math.min(bytes, MOST_BYTES);
}

/** The senders that board together, until each has said what it sends. */
class Departure {
  #due: number;
  #parts: SentPart[] = [];
  #gone = false;
  #callOff: (() => void) | null = null;
  readonly #onFull: (parts: readonly SentPart[]) => void;

  constructor(due: number, onFull: (parts: readonly SentPart[]) => void) {
    this.#due = due;
    this.#onFull = onFull;
  }

  /** All have boarded: starts the time limit. */
  wait(time: Time): void {
    if (!this.#gone) this.#callOff = time.after(BOARDING_MS, () => this.#go());
  }

  /** @returns false if it has left */
  join(part: SentPart | null): boolean {
    if (this.#gone) return false;
    if (part !== null) this.#parts.push(part);
    this.#due -= 1;
    if (this.#due === 0) this.#go();
    return true;
  }

  #go(): void {
    this.#callOff?.();
    this.#gone = true;
    this.#onFull(this.#parts);
  }
}

interface SeatKind {
  readonly again: boolean;
  /** The answer to its first bulk, if that was already sent. */
  readonly answer?: Promise<BulkAnswer>;
  readonly fit?: boolean;
}

class OwnSeat implements Seat {
  fit: boolean;
  readonly #requests: BulkRequests;
  readonly #again: boolean;
  #answer: Promise<BulkAnswer> | null;
  /** Null: it has already said what it sends. */
  #departure: Departure | null;

  constructor(departure: Departure | null, requests: BulkRequests, kind: SeatKind) {
    this.#departure = departure;
    this.#requests = requests;
    this.#again = kind.again;
    this.#answer = kind.answer ?? null;
    this.fit = kind.fit ?? true;
  }

  bulk: Seat["bulk"] = (body, how) => {
    how.signal.throwIfAborted();
    const answer = this.#answer;
    this.#answer = null;
    if (answer !== null) return answer;
    const { promise, resolve, reject } = Promise.withResolvers<BulkAnswer>();
    const { isDue = always, mayMove = false } = how;
    const part: SentPart = { body, ...how, isDue, mayMove, seat: this, isAnswered: false, resolve, reject };
    const departure = this.#departure;
    this.#departure = null;
    if (departure?.join(part) !== true) this.#requests.enterAlone(part, this.#again);
    return promise;
  };

  end(): void {
    this.#departure?.join(null);
    this.#departure = null;
  }
}
