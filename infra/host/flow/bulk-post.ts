import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import type { BulkAnswer, TargetDocument } from "../../../lib/rules/bulk-answer.ts";
import { ByteWriter } from "../../../lib/rules/bulk/byte-writer.ts";
import { packParts } from "../../../lib/rules/bulk/joint.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import type { Time } from "../../../lib/rules/time.ts";
import type { BulkGate, Leave } from "../bulk-gate.ts";
import { BulkRequests, type SentPart } from "./bulk-requests.ts";
import type { DecodeTurns } from "./decode-turns.ts";
import type { Load } from "./load.ts";

/** Sends one `_bulk` request. Failures are values; throws only the signal's reason. */
export type SendBulk = (
  body: Buffer,
  options: {
    /** Of every operation that does not name its own; null: none. */
    readonly pipeline: string | null;
    readonly operations: number;
    /** What covers the indices of its operations; of several where it stands for several topics. */
    readonly pattern: string | readonly string[];
    readonly documentAt: (operation: number) => TargetDocument;
    /** How long Elasticsearch waits for a shard, or an index that is to be made; absent: as it is configured. */
    readonly shardTimeoutMs?: number;
    readonly signal: AbortSignal;
  },
) => Promise<BulkAnswer>;

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
  load?(out: ByteWriter): Load | null;
  /** There is a place. Its first bulk, or its end, is due within some microtasks. */
  board(seat: Seat): void;
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

/** Joins what many topics have to send into common requests, within the places that the gate gives. */
export interface BulkPost {
  /** Boards it when there is a place: where nothing is in flight with what is decoded in the same round, else with what comes meanwhile. */
  offer(sender: Sender): void;
  /** More waits with one that was offered. */
  more(sender: Sender): void;
  withdraw(sender: Sender): void;
  close(): void;
}

export interface BulkPostDeps {
  readonly send: SendBulk;
  readonly gate: BulkGate;
  /** Of one request, whoever's operations it holds. */
  limits(): BulkLimits;
  /** What came in one fetch is decoded piece by piece, and travels together. */
  readonly turns: Pick<DecodeTurns, "isUnderWay" | "onRound">;
  readonly time: Time;
}

/** What boards together may take so long until it says what it sends: one turn of the event loop. */
const BOARDING_MS = 5;
/** What comes while a common request is under way waits for its answer, unless that takes so many times what is usual. */
const GATHER_TIMES = 2;
const GATHER_MS = 100;
/** A request is worth so much without waiting for what is being decoded; and that is not waited for longer. */
const WORTH_BYTES = 64 * 1024;
const DECODING_MS = 5;
/** What a document and its action take beside the record, at most; and a writer for the longest escapes of one. */
const FRAME_BYTES = 384;
const SLACK_BYTES = 2_048;
const MOST_BYTES = 1024 * 1024;

export function createBulkPost(deps: BulkPostDeps): BulkPost {
  const { gate, time } = deps;
  const life = new AbortController();
  const requests = new BulkRequests(deps, life.signal);
  /** Who waits to travel with others, with what was last told to wait, in their order. */
  const waiting = new Map<Sender, { documents: number; bytes: number }>();
  let documents = 0;
  let bytes = 0;
  /** Who was withdrawn while it waited for a place of its own. */
  const alone = new Set<Sender>();
  /** True: a place is asked for. */
  let entering = false;
  /** True: what is decoded from now on came later. */
  let roundEnded = false;
  let callOff: (() => void) | null = null;

  const count = (sender: Sender): void => {
    const before = waiting.get(sender);
    documents += sender.documents - (before?.documents ?? 0);
    bytes += sender.bytes - (before?.bytes ?? 0);
    if (before === undefined) waiting.set(sender, { documents: sender.documents, bytes: sender.bytes });
    else Object.assign(before, { documents: sender.documents, bytes: sender.bytes });
  };

  const uncount = (sender: Sender): void => {
    const counted = waiting.get(sender);
    if (counted === undefined) return;
    waiting.delete(sender);
    documents -= counted.documents;
    bytes -= counted.bytes;
  };

  const isFull = (): boolean => {
    const limits = deps.limits();
    return documents >= limits.maxDocuments || bytes >= limits.maxBytes;
  };

  /** How long those that wait may wait for more; null: it is time to go. */
  const mayGatherMs = (): number | null => {
    if (requests.isCommonUnderWay && !isFull()) return Math.min(requests.usualMs * GATHER_TIMES, GATHER_MS);
    return deps.turns.isUnderWay && !roundEnded && bytes < WORTH_BYTES && !isFull() ? DECODING_MS : null;
  };

  /** Asks for a place where it is time to. */
  const consider = (): void => {
    if (entering || waiting.size === 0 || life.signal.aborted) return;
    const gatherMs = mayGatherMs();
    if (gatherMs !== null) {
      callOff ??= time.after(gatherMs, () => {
        callOff = null;
        if (waiting.size > 0) enter();
      });
      return;
    }
    enter();
  };

  deps.turns.onRound(() => {
    roundEnded = true;
    consider();
    roundEnded = false;
  });

  const enter = (): void => {
    if (entering) return;
    entering = true;
    callOff?.();
    callOff = null;
    gate.enter(life.signal).then(
      (leave) => {
        entering = false;
        depart(leave);
        consider();
      },
      // Closed: nobody boards any more.
      () => {},
    );
  };

  const depart = (leave: Leave): void => {
    const limits = deps.limits();
    const boarding: Sender[] = [];
    let [left, room] = [limits.maxDocuments, limits.maxBytes];
    for (const [sender, counted] of waiting) {
      if (boarding.length > 0 && (counted.documents > left || counted.bytes > room)) break;
      boarding.push(sender);
      left -= counted.documents;
      room -= counted.bytes;
    }
    for (const sender of boarding) uncount(sender);
    board(boarding, (parts) => {
      const [first, ...others] = packParts(parts, requests.bounded(limits));
      if (first === undefined) leave();
      else requests.sendCommon(first, leave, consider);
      for (const more of others) requests.enterCommon(more, consider);
    });
  };

  const seatAfter: SeatAfter = (answer, fit, again) => new OwnSeat(null, requests, { again, answer, fit });

  const board = (senders: readonly Sender[], go: (parts: readonly SentPart[]) => void): void => {
    const out = new ByteWriter(capacityFor(senders));
    const loads: Load[] = [];
    const others: Sender[] = [];
    for (const sender of senders) {
      const load = sender.load?.(out) ?? null;
      if (load === null) others.push(sender);
      else loads.push(load);
    }
    const { written } = out;
    for (const load of loads) load.lieIn(written, seatAfter);
    if (others.length === 0) {
      go(loads);
      return;
    }
    const departure = new Departure(others.length, (parts) => go([...loads, ...parts]));
    for (const sender of others) sender.board(new OwnSeat(departure, requests, { again: sender.again }));
    departure.wait(time);
  };

  return {
    offer(sender) {
      if (life.signal.aborted) return;
      if (!sender.alone) {
        count(sender);
        consider();
        return;
      }
      alone.add(sender);
      gate.enter(life.signal, sender.again).then(
        (leave) => {
          if (!alone.delete(sender)) leave();
          else
            board([sender], ([part]) => {
              if (part === undefined) leave();
              else requests.sendAlone(part, sender.again, leave);
            });
        },
        () => {},
      );
    },
    more(sender) {
      if (!waiting.has(sender)) return;
      count(sender);
      consider();
    },
    withdraw(sender) {
      uncount(sender);
      alone.delete(sender);
    },
    close() {
      callOff?.();
      life.abort(new Error("the host stops"));
    },
  };
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

/** Of an attempt whose first bulk was answered before it began. */
export type SeatAfter = (answer: Promise<BulkAnswer>, fit: boolean, again: boolean) => Seat;

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
