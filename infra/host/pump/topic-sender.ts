import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import type { ByteWriter } from "../../../lib/rules/bulk/byte-writer.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Seat, Sender } from "../bulks/boarding.ts";
import { Load, type PlainWay } from "./load.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import { RecordQueue } from "./record-queue.ts";
import { Sending } from "./sending.ts";
import type { SendingDeps, SendingOwner } from "./sending-deps.ts";

const MOST_LOADED_BYTES = 64 * 1024;

/** Queues one topic's records and sends them in chunks, several at once, each when the post has a place for it. */
export class TopicSender implements Sender {
  readonly sending: Sending;
  readonly #deps: SendingDeps;
  readonly #ledger: PartitionLedger;
  readonly #owner: SendingOwner;
  readonly #queue = new RecordQueue();
  #offered = false;

  constructor(deps: SendingDeps, ledger: PartitionLedger, owner: SendingOwner) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#owner = owner;
    this.sending = new Sending(deps, ledger, owner, () => this.#offer());
  }

  push(records: readonly SourceRecord[]): void {
    this.#queue.push(records);
    if (this.#offered) this.#deps.post.more(this);
    else this.#offer();
  }

  /** Nothing is queued or under way. */
  get isIdle(): boolean {
    return this.sending.attempts.count === 0 && this.#queue.length === 0;
  }

  /** While probing, one batch at a time is enough, beside those that wait for evidence. */
  get isFull(): boolean {
    const { health, attempts } = this.sending;
    return health.probing && (this.#queue.length + attempts.count > attempts.waiting || !attempts.mayWait);
  }

  /** Drops unsent records of some partitions. */
  drop(isGone: (partition: number) => boolean): void {
    this.#deps.share.give(this.#queue.drop(isGone));
  }

  dropAll(): void {
    this.#deps.share.give(this.#queue.dropAll());
  }

  get documents(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#queue.contentBytes;
  }

  get alone(): boolean {
    return this.sending.health.alone || this.#isDoubtful;
  }

  /** Whether records are to be looked up before they are sent: nobody should wait for that. */
  get #isDoubtful(): boolean {
    const { doubts } = this.#owner;
    return !doubts.isEmpty && this.#queue.records.some((record) => doubts.covers(record));
  }

  get again(): boolean {
    return this.sending.again;
  }

  /** Asks for one place at a time, so that each topic gets its turn. */
  #offer(): void {
    const { isClosed, attempts, health } = this.sending;
    if (this.#offered || isClosed || this.#queue.length === 0) return;
    if (attempts.count - attempts.waiting >= this.#deps.limits().concurrency) return;
    // A slow topic gets one place.
    if (health.mayTakeLong && attempts.isUnderWay) return;
    this.#offered = true;
    this.#deps.post.offer(this);
  }

  /** Only small chunks: larger ones deserve their own attempt and would bloat the shared body. */
  load(out: ByteWriter): Load | null {
    const { memory, plain } = this.#deps;
    const { sending } = this;
    const records = this.#queue.records;
    const limits = this.#deps.limits();
    const { maxDocuments, maxBytes } = limits;
    if (plain === undefined || sending.isClosed || records.length === 0 || !memory.isEmpty) return null;
    if (this.#isDoubtful) return null;
    if (records.length > maxDocuments || this.#queue.contentBytes > Math.min(maxBytes, MOST_LOADED_BYTES))
      return null;
    const from = out.length;
    const indices = encoded(plain, out, records);
    if (indices === null) return null;
    // Too large once encoded: an attempt of its own splits it.
    if (out.length - from > maxBytes && records.length > 1) {
      out.truncate(from);
      return null;
    }
    this.#offered = false;
    const { chunk, windows } = this.#ledger.send(this.#queue.take(limits));
    const attempt = sending.begin(chunk, windows);
    const load = new Load(
      sending,
      { attempt, start: sending.suspects.begin(chunk), indices },
      { from, to: out.length },
    );
    this.#offer();
    return load;
  }

  board(seat: Seat): void {
    this.#offered = false;
    const taken = this.sending.isClosed ? [] : this.#queue.take(this.#deps.limits());
    const { chunk, windows } = this.#ledger.send(taken);
    if (chunk.length < taken.length) {
      this.#deps.share.give(bytesOfAll(taken) - bytesOfAll(chunk));
      this.#owner.onSettled();
    }
    if (chunk.length === 0) seat.end();
    else this.sending.send(chunk, windows, seat);
    this.#offer();
  }

  close(): void {
    this.sending.close();
    if (this.#offered) this.#deps.post.withdraw(this);
    this.dropAll();
  }
}

function encoded(
  plain: PlainWay,
  out: ByteWriter,
  records: readonly SourceRecord[],
): readonly string[] | null {
  const start = out.length;
  try {
    return plain.encode(out, records);
  } catch {
    // A fault of ours, which must not hit the other topics in this body. The attempt that follows meets and reports it.
    out.truncate(start);
    return null;
  }
}
