import type { BulkAnswer, TargetDocument } from "../../../lib/rules/outcomes/bulk-answer.ts";
import { isCreated } from "../../../lib/rules/outcomes/outcome.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { AttemptStart } from "../../../lib/rules/outcomes/suspects.ts";
import type { Attempt } from "./attempts.ts";
import type { Boarded, Seat, SeatAfter } from "../bulks/boarding.ts";
import type { PlainWay } from "./pump-deps.ts";

/** Whose operations they are. */
export interface LoadOwner {
  readonly plain: PlainWay;
  readonly signal: AbortSignal;
  /** What it sent was in trouble just now. */
  readonly again: boolean;
  /** All of it was written now. */
  onCreated(load: Load): void;
  /** Anything else: an attempt goes on by this seat, whose first bulk is that of the load. */
  onOther(load: Load, seat: Seat): void;
}

/** Ordinary records of one topic in a common body, most often written without anything more to decide about them. */
export class Load implements Boarded {
  readonly attempt: Attempt;
  /** Of the suspects, when it was put together. */
  readonly start: AttemptStart;
  /** By record. */
  readonly indices: readonly string[];
  fit = true;
  isAnswered = false;
  readonly #owner: LoadOwner;
  readonly #again: boolean;
  /** All of it, whatever becomes of its attempt: a common request may be answered when its parts were told by their own. */
  readonly #records: readonly SourceRecord[];
  readonly #from: number;
  readonly #to: number;
  #whole: Buffer | null = null;
  #seatAfter: SeatAfter | null = null;

  /** @param span where its operations lie in the common body */
  constructor(
    owner: LoadOwner,
    { attempt, start, indices }: Pick<Load, "attempt" | "start" | "indices">,
    span: { readonly from: number; readonly to: number },
  ) {
    this.#owner = owner;
    this.#again = owner.again;
    this.attempt = attempt;
    this.#records = attempt.left;
    this.start = start;
    this.indices = indices;
    this.#from = span.from;
    this.#to = span.to;
  }

  lieIn(whole: Buffer, seatAfter: SeatAfter): void {
    this.#whole = whole;
    this.#seatAfter = seatAfter;
  }

  get within(): { readonly whole: Buffer; readonly start: number; readonly end: number } {
    if (this.#whole === null) throw new Error("the common body is not written yet");
    return { whole: this.#whole, start: this.#from, end: this.#to };
  }

  get body(): Buffer {
    const { whole, start, end } = this.within;
    return whole.subarray(start, end);
  }

  get operations(): number {
    return this.indices.length;
  }

  get pipeline(): string | null {
    return this.#owner.plain.pipeline;
  }

  get pattern(): string {
    return this.#owner.plain.pattern;
  }

  get signal(): AbortSignal {
    return this.#owner.signal;
  }

  get seat(): Load {
    return this;
  }

  documentAt(operation: number): TargetDocument {
    const [record, index] = [this.#records[operation], this.indices[operation]];
    if (record === undefined || index === undefined) throw new Error(`no operation ${operation}`);
    return { index, id: this.#owner.plain.idOf(record) };
  }

  resolve(answer: BulkAnswer): void {
    if ("items" in answer && answer.items.length === this.operations && answer.items.every(isCreated))
      this.#owner.onCreated(this);
    else this.#goOn(Promise.resolve(answer));
  }

  reject(reason: unknown): void {
    const rejected = Promise.reject<BulkAnswer>(reason);
    // Whether or not its attempt gets so far.
    rejected.catch(() => {});
    this.#goOn(rejected);
  }

  #goOn(answer: Promise<BulkAnswer>): void {
    if (this.#seatAfter === null) throw new Error("the common body is not written yet");
    this.#owner.onOther(this, this.#seatAfter(answer, this.fit, this.#again));
  }
}
