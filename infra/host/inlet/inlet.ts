import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type {
  FetchedPart,
  PartitionPosition,
  PartitionRead,
  PartitionSink,
  Reader,
} from "../../../lib/adapters/kafka/reader/reader.ts";
import type { DecodablePart, RecordPiece } from "../../../lib/adapters/kafka/records/record-decoder.ts";
import type { Checkpoint } from "../../../lib/rules/offsets/checkpoint.ts";
import { smallestFetchBytes } from "../../../lib/rules/limits/fetch-size.ts";
import { resumeAt, startAgain } from "../../../lib/rules/offsets/position.ts";
import type { ByteShare, FetchPace } from "../shares/byte-budget.ts";
import type { Decoding } from "../shares/decode-turns.ts";
import type { PartitionSource, Pump } from "../pump/pump-deps.ts";
import type { OwnedPartition, TopicInletsDeps } from "./inlet-deps.ts";

/** What the inlets of one topic share. */
export interface InletTopic {
  readonly deps: TopicInletsDeps;
  readonly pump: Pump;
  readonly share: ByteShare;
  /** It looks again for room once there may be some. */
  wait(inlet: Inlet): void;
}

/** How long after it failed the log is looked at again. */
const LOOK_AGAIN_MS = 1_000;

/** One partition of ours on its way from the reader to its topic's pump, a fetched part at a time. */
export class Inlet implements PartitionSink, PartitionSource, Decoding, FetchPace {
  limit: number | null = null;
  brought = 0;
  readonly tenure: Tenure;
  /** Why nothing comes of it; null: all is well. */
  trouble: string | null = null;
  readonly #topic: InletTopic;
  #read: PartitionRead | null = null;
  /**
   * Where reading began at the record before what is due, that record: it shows whether the log is still the same, and is not
   * handed on. Null: it was seen, or need not be.
   */
  #check: Checkpoint | null;
  #part: FetchedPart | null = null;
  #decodable: DecodablePart | null = null;
  #closed = false;

  constructor(topic: InletTopic, { tenure, position }: OwnedPartition) {
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
    // Void since.
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

  /** What was fetched is worked up. */
  #goOn(offset: number): void {
    this.#drop();
    this.limit = this.#topic.deps.budget.nextFetch(this);
    this.#read?.next(offset);
  }

  #handOver(piece: RecordPiece, { position }: FetchedPart): void {
    const { pump } = this.#topic;
    this.brought += piece.bytes;
    if (this.#check === null) {
      // Asked for no longer, it is read from where it is due.
      if (!pump.take(this.tenure, piece)) this.#readAt(pump.nextOf(this.tenure));
      return;
    }
    const found = piece.records.find(({ offset }) => offset === this.#check?.offset);
    const due = pump.nextOf(this.tenure) ?? piece.end;
    // A record that compaction took cannot be compared.
    if (found !== undefined && found.timestamp !== this.#check.timestamp) {
      this.#beginAgain(due, position.logStart);
      return;
    }
    if (piece.end < due) return;
    this.#check = null;
    const records = piece.records.filter(({ offset }) => offset >= due);
    pump.take(this.tenure, { records, start: due, end: piece.end });
  }

  /** The log is another one than the group's position is about. */
  #beginAgain(due: number, logStart: number): void {
    const { deps, pump } = this.#topic;
    const { start, lost } = startAgain(this.tenure.partition, due, logStart);
    this.#check = null;
    pump.moveTo(this.tenure, start);
    if (lost !== null) deps.onLost([lost]);
    this.#readAt(start);
  }

  /** What was due is not there: finds out what is. */
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

  /** Nothing more is fetched, and what was not taken is void. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.#topic.deps.budget.forget(this);
    this.#read?.close();
  }
}
