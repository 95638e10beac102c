import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition } from "../../../lib/adapters/kafka/reader/opening.ts";
import type {
  FetchedPart,
  PartitionPosition,
  PartitionRead,
  PartitionSink,
  Reader,
} from "../../../lib/adapters/kafka/reader/reader.ts";
import type {
  DecodablePart,
  RecordDecoder,
  RecordPiece,
} from "../../../lib/adapters/kafka/records/record-decoder.ts";
import type { Checkpoint } from "../../../lib/rules/offsets/checkpoint.ts";
import { smallestFetchBytes } from "../../../lib/rules/limits/fetch-size.ts";
import { type LostRange, resumeAt, startAgain } from "../../../lib/rules/offsets/position.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { PartitionSource } from "../ledger/partition-entry.ts";
import type { Pump } from "../pump/pump.ts";
import type { ByteBudget, ByteShare, FetchPace } from "../shares/byte-budget.ts";
import type { Decoding, DecodeTurns } from "../shares/decode-turns.ts";

export interface InletDeps {
  readonly decoder: RecordDecoder;
  readonly budget: ByteBudget;
  readonly turns: DecodeTurns;
  /** Where a partition's log begins and ends (its high watermark) now. @throws PenstockError */
  logOf(topic: string, partition: number): Promise<{ readonly logStart: number; readonly logEnd: number }>;
  readonly time: Time;
  onLost(ranges: readonly LostRange[]): void;
  /** Kafka no longer knows the partition. It must be disowned, and owned again once it is found. */
  onGone(tenure: Tenure): void;
  broken(error: unknown): void;
}

export interface InletTopic {
  readonly deps: InletDeps;
  readonly pump: Pump;
  readonly share: ByteShare;
  /** Calls `lookAgain` once there may be room. */
  wait(inlet: Inlet): void;
}

/** Delay before a failed look at the log is repeated. */
const LOOK_AGAIN_MS = 1_000;

/** Carries one partition from the reader to its topic's pump, one fetched part at a time. */
export class Inlet implements PartitionSink, PartitionSource, Decoding, FetchPace {
  limit: number | null = null;
  brought = 0;
  readonly tenure: Tenure;
  /** Why nothing is read; null: all is well. */
  trouble: string | null = null;
  readonly #topic: InletTopic;
  #read: PartitionRead | null = null;
  /**
   * The record before the first one due, if reading began there: shows whether the log is still the same, and is not
   * handed on. Null: seen, or not needed.
   */
  #check: Checkpoint | null;
  #part: FetchedPart | null = null;
  #decodable: DecodablePart | null = null;
  #closed = false;

  constructor(topic: InletTopic, { tenure, position }: OpenedPartition) {
    this.#topic = topic;
    this.tenure = tenure;
    this.#check = position.check;
  }

  open(reader: Pick<Reader, "open">, start: number): void {
    const { topic, partition } = this.tenure;
    this.#read = reader.open(topic, partition, this.#check?.offset ?? start, this);
  }

  get heardAtMs(): number | null {
    return this.#read?.heardAtMs ?? null;
  }

  room(): number {
    const { pump, share, deps } = this.#topic;
    if (this.#closed || this.#part !== null) return 0;
    if (!pump.mayTake(this.tenure) || !share.mayFetch) {
      this.#topic.wait(this);
      return 0;
    }
    if (pump.probing) return smallestFetchBytes;
    return this.limit ?? deps.budget.nextFetch(this);
  }

  onFetched(part: FetchedPart): void {
    if (this.#closed) return;
    const { deps, share } = this.#topic;
    this.#part = part;
    this.#decodable = deps.decoder.open(part);
    share.fetched(part.records.byteLength);
    deps.turns.enter(this);
  }

  onPosition(position: PartitionPosition): void {
    this.#topic.pump.observe(position);
  }

  onTrouble(reason: string | null): void {
    this.trouble = reason;
  }

  onOutOfRange(): void {
    this.#check = null;
    void this.#look();
  }

  onGone(): void {
    if (!this.#closed) this.#topic.deps.onGone(this.tenure);
  }

  /** There may be room again. */
  lookAgain(): void {
    if (this.#closed) return;
    if (this.#part === null) this.#read?.wake();
    else this.#topic.deps.turns.enter(this);
  }

  decodePiece(): void | Promise<void> {
    const { deps, pump, share } = this.#topic;
    const [part, decodable] = [this.#part, this.#decodable];
    // Dropped meanwhile.
    if (part === null || decodable === null) return;
    const room = pump.mayTake(this.tenure) ? share.room(decodable.expectedBytes) : 0;
    if (room === 0) {
      this.#topic.wait(this);
      return;
    }
    try {
      const piece = decodable.decodeNext(room);
      if (!(piece instanceof Promise)) {
        this.#decoded(piece, part, decodable);
        return;
      }
      return piece
        .then((later) => this.#decoded(later, part, decodable))
        .catch((error: unknown) => deps.broken(error));
    } catch (error) {
      deps.broken(error);
    }
  }

  #decoded(piece: RecordPiece | null, part: FetchedPart, decodable: DecodablePart): void {
    if (this.#part !== part) return;
    if (piece !== null) this.#handOver(piece, part);
    if (this.#part !== part) return;
    if (piece !== null && decodable.expectedBytes > 0) this.#topic.deps.turns.enter(this);
    else this.#goOn(decodable.position);
  }

  /** The part is done: fetches the next one. */
  #goOn(offset: number): void {
    this.#drop();
    this.limit = this.#topic.deps.budget.nextFetch(this);
    this.#read?.next(offset);
  }

  #handOver(piece: RecordPiece, { position }: FetchedPart): void {
    const { pump } = this.#topic;
    this.brought += piece.bytes;
    if (this.#check === null) {
      // Not due any more: reads from the offset that is.
      if (!pump.take(this.tenure, piece)) this.#readAt(pump.nextOf(this.tenure));
      return;
    }
    const found = piece.records.find(({ offset }) => offset === this.#check?.offset);
    const due = pump.nextOf(this.tenure) ?? piece.end;
    // If compaction removed the record, there is nothing to compare.
    if (found !== undefined && found.timestamp !== this.#check.timestamp) {
      this.#beginAgain(due, position.logStart);
      return;
    }
    if (piece.end < due) return;
    this.#check = null;
    const records = piece.records.filter(({ offset }) => offset >= due);
    pump.take(this.tenure, { records, start: due, end: piece.end });
  }

  /** The group's position belongs to another log: the topic was recreated. */
  #beginAgain(due: number, logStart: number): void {
    const { deps, pump } = this.#topic;
    const { start, lost } = startAgain(this.tenure.partition, due, logStart);
    this.#check = null;
    pump.moveTo(this.tenure, start);
    if (lost !== null) deps.onLost([lost]);
    this.#readAt(start);
  }

  /** The offset due is out of range: finds out what the log holds. */
  async #look(): Promise<void> {
    const { deps, pump } = this.#topic;
    const { topic, partition } = this.tenure;
    try {
      const log = await deps.logOf(topic, partition);
      const due = pump.nextOf(this.tenure);
      if (this.#closed || due === null) return;
      const { start, lost } = resumeAt({ partition, committed: due, checkpoint: null, ...log });
      if (lost !== null) {
        pump.moveTo(this.tenure, start);
        deps.onLost([lost]);
      }
      this.#readAt(start);
      this.trouble = null;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      deps.time.after(LOOK_AGAIN_MS, () => {
        if (!this.#closed) void this.#look();
      });
    }
  }

  seek(offset: number): void {
    this.#check = null;
    this.#readAt(offset);
  }

  letGo(): void {
    const part = this.#part;
    if (part === null) return;
    this.#readAt(this.#check?.offset ?? this.#topic.pump.nextOf(this.tenure) ?? part.fetchOffset);
  }

  #readAt(offset: number | null): void {
    this.#drop();
    if (offset !== null) this.#read?.seek(offset);
  }

  #drop(): void {
    if (this.#part === null) return;
    this.#topic.share.fetched(-this.#part.records.byteLength);
    this.#part = null;
    this.#decodable = null;
  }

  /** Fetches nothing more and drops what was not handed over. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.#topic.deps.budget.forget(this);
    this.#read?.close();
  }
}
