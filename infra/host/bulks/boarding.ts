import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import type { BulkAnswer } from "../../../lib/rules/outcomes/bulk-answer.ts";
import { ByteWriter } from "../../../lib/rules/bulk/byte-writer.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { BulkRequests, SentPart } from "./bulk-requests.ts";

/** Who has records to send. */
export interface Sender {
  /** How much waits now; read when it is offered, and with `more`. */
  readonly documents: number;
  readonly bytes: number;
  /** True: it must not hold up others, or be held up by them. */
  readonly alone: boolean;
  /** True: what it sends was in trouble just now. */
  readonly again: boolean;
  /** There is a place: what it sends is written into the common body at once. Null: it has to board. */
  load?(out: ByteWriter): Boarded | null;
  /** There is a place. Its first bulk, or its end, is due within some microtasks. */
  board(seat: Seat): void;
}

/** What a sender wrote into the common body, as a part of the request. */
export interface Boarded extends SentPart {
  /** The common body is whole. @param seatAfter of the attempt that goes on where not all of it was simply written */
  lieIn(whole: Buffer, seatAfter: SeatAfter): void;
}

/** One attempt's way to Elasticsearch. */
export interface Seat {
  /** The first travels with those that boarded at the same time; later ones go alone, each with a place of its own. */
  readonly bulk: IngestBatchDeps["bulk"];
  /** False: what it sent was answered late, so that the next is to go alone. */
  readonly fit: boolean;
  /** The attempt is over. Again: nothing. */
  end(): void;
}

/** Of an attempt with nothing left to send. */
export const noSeat: Seat = {
  bulk: () => Promise.reject(new Error("nothing was to be sent")),
  fit: true,
  end() {},
};

/** Of an attempt whose first bulk was answered before it began. */
export type SeatAfter = (answer: Promise<BulkAnswer>, fit: boolean, again: boolean) => Seat;

/** What boards together may take so long until it says what it sends: one turn of the event loop. */
const BOARDING_MS = 5;
/** What a document and its action take beside the record, at most; and a writer for the longest escapes of one. */
const FRAME_BYTES = 384;
const SLACK_BYTES = 2_048;
const MOST_BYTES = 1024 * 1024;

/**
 * Lets these in: who can writes into the common body at once, the others say what they send within a moment.
 * @param go told what travels together; what is said later goes alone, by `requests`
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

/** A guess that saves growing. */
function capacityFor(senders: readonly Sender[]): number {
  let bytes = SLACK_BYTES;
  for (const sender of senders) bytes += sender.bytes + sender.documents * FRAME_BYTES;
  return Math.min(bytes, MOST_BYTES);
}

/** Those that boarded together, until each has said what it sends, or that it sends nothing. */
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

  /** All have boarded. Who takes longer than a moment is not waited for. */
  wait(time: Time): void {
    if (!this.#gone) this.#callOff = time.after(BOARDING_MS, () => this.#go());
  }

  /** @returns false where it has left */
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
  /** Of its first bulk, which was sent already. */
  readonly answer?: Promise<BulkAnswer>;
  readonly fit?: boolean;
}

class OwnSeat implements Seat {
  fit: boolean;
  readonly #requests: BulkRequests;
  readonly #again: boolean;
  #answer: Promise<BulkAnswer> | null;
  /** Null: it has said what it sends with the others. */
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
    const part: SentPart = { body, ...how, seat: this, isAnswered: false, resolve, reject };
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
