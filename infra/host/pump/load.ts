import type { PlainEncoder } from "../../../lib/rules/bulk/encoder.ts";
import type { BulkAnswer, TargetDocument } from "../../../lib/rules/outcomes/bulk-answer.ts";
import { isCreated } from "../../../lib/rules/outcomes/outcome.ts";
import type { OutcomeKind, SourceRecord } from "../../../lib/rules/model/record.ts";
import type { AttemptStart } from "../../../lib/rules/outcomes/suspects.ts";
import type { Attempt } from "./attempts.ts";
import type { Boarded, Seat, SeatAfter } from "../bulks/boarding.ts";

/**
 * The short way for ordinary records: written straight into a body shared by many topics, and booked at once if all of
 * them were indexed. In any other case `ingest` gets the answer as that of its first bulk.
 */
export interface PlainWay {
  readonly pipeline: string | null;
  readonly pattern: string;
  readonly encode: PlainEncoder;
  idOf(record: SourceRecord): string;
  indexed(records: readonly SourceRecord[], outcomes: readonly OutcomeKind[]): void;
}

/** The sending of one topic, as its loads see it. */
export interface LoadOwner {
  readonly plain: PlainWay;
  readonly signal: AbortSignal;
  /** Whether what is sent again may go to another index. */
  readonly mayMove: boolean;
  /** Whether all records of the attempt are still to be sent by this host. */
  isDue(attempt: Attempt): boolean;
  /** True: its last try failed. */
  readonly again: boolean;
  onCreated(load: Load): void;
  /** Any other answer: the attempt continues with this seat, whose first bulk is the load's. */
  onOther(load: Load, seat: Seat): void;
}

export class Load implements Boarded {
  readonly attempt: Attempt;
  /** The state of the suspects when the load was built. */
  readonly start: AttemptStart;
  readonly indices: readonly string[];
  fit = true;
  isAnswered = false;
  readonly #owner: LoadOwner;
  readonly #again: boolean;
  /** A copy: a shared request may be answered after its parts were resent alone and their attempts have shrunk. */
  readonly #records: readonly SourceRecord[];
  readonly #from: number;
  readonly #to: number;
  #whole: Buffer | null = null;
  #seatAfter: SeatAfter | null = null;

  /** @param span the position of its operations in the shared body */
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
    if (this.#whole === null) throw new Error("the shared body is not written yet");
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

  get mayMove(): boolean {
    return this.#owner.mayMove;
  }

  isDue(): boolean {
    return this.#owner.isDue(this.attempt);
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
    // The attempt may end before it looks at the answer.
    rejected.catch(() => {});
    this.#goOn(rejected);
  }

  #goOn(answer: Promise<BulkAnswer>): void {
    if (this.#seatAfter === null) throw new Error("the shared body is not written yet");
    this.#owner.onOther(this, this.#seatAfter(answer, this.fit, this.#again));
  }
}
