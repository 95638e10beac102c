import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { PlainEncoder } from "../../../lib/rules/bulk/encoder.ts";
import type { Checkpoint } from "../../../lib/rules/offsets/checkpoint.ts";
import type { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { OutcomeKind, SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import type { AttemptStart } from "../../../lib/rules/outcomes/suspects.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { ProgressClock } from "./progress-clock.ts";
import type { AttemptResult, PumpEvents } from "./pump-events.ts";
import type { Seat } from "../bulks/boarding.ts";
import type { BulkPost } from "../bulks/bulk-post.ts";
import type { ByteShare } from "../shares/byte-budget.ts";
import type { HostCommitter } from "../shares/committer.ts";

/** What reads one partition, as its pump moves it. */
export interface PartitionSource {
  /** Whatever of it is on its way, or not taken over yet, is void: it goes on there. */
  seek(offset: number): void;
  /** Lets go of what was fetched and not taken over yet: it is fetched again. */
  letGo(): void;
  /** When the broker last told where it stands, in milliseconds since the epoch; null: not yet. */
  readonly heardAtMs: number | null;
}

/** One partition, from where on it is moved. */
export interface PumpedPartition {
  readonly tenure: Tenure;
  /** Null: the group has no commit. */
  readonly committed: number | null;
  /** The first record that is due. Where it is not what is committed, it is to be committed. */
  readonly start: number;
  /** The last record before it, where the commit tells. */
  readonly last: Checkpoint | null;
  readonly source: PartitionSource;
}

/** Records of one partition, in the order of their offsets. */
export interface PumpedRecords {
  readonly records: readonly SourceRecord[];
  /** Where what was taken before ended, or reading began. */
  readonly start: number;
  /** One past the last offset this covers, records or not. */
  readonly end: number;
}

/**
 * How ordinary records of one topic are written into a body that many topics share, and what is told where all of them were
 * indexed. Whatever else becomes of them, `ingest` is told the answer as that of its first bulk.
 */
export interface PlainWay {
  readonly pipeline: string | null;
  readonly pattern: string;
  readonly encode: PlainEncoder;
  idOf(record: SourceRecord): string;
  indexed(records: readonly SourceRecord[], outcomes: readonly OutcomeKind[]): void;
}

export interface PumpDeps {
  /**
   * One bounded attempt. Never throws for what servers do. Its bulks go by the seat, and its first one within some microtasks:
   * others may wait for it.
   */
  ingest(
    records: readonly SourceRecord[],
    attempt: { readonly number: number; readonly proven: AttemptStart["proven"]; readonly seat: Seat },
    signal: AbortSignal,
  ): Promise<AttemptResult>;
  /** For what needs no attempt of its own; absent: all goes by `ingest`. */
  readonly plain?: PlainWay;
  /** The topic's, whichever pump moves it. */
  readonly memory: OutcomeMemory;
  /** The host's. */
  readonly post: BulkPost;
  readonly committer: HostCommitter;
  readonly share: ByteShare;
  /** The topic's, whichever pump it has. */
  readonly clock: ProgressClock;
  /** Bounds of one attempt's records, and how many attempts of this topic may be under way. */
  limits(): { readonly maxDocuments: number; readonly maxBytes: number; readonly concurrency: number };
  readonly time: Time;
  readonly events: PumpEvents;
}

/** Moves the records of one topic: from what was decoded, through bulks in flight, to committed offsets. */
export interface Pump {
  /** These became ours. All others go on untouched. */
  own(partitions: readonly PumpedPartition[]): void;
  /**
   * Before these are handed over: takes nothing more of them, lets go of what was not sent, waits for what was, but not
   * for what is in trouble, and commits what has its outcome. Resolves with the signal too.
   */
  settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void>;
  /** They are gone, at once. What is known of them and not committed is remembered for when they come back. */
  disown(tenures: readonly Tenure[]): void;
  /** Whether more of it may be taken now; where not, `onRoom` of the share tells when it may be otherwise. */
  mayTake(tenure: Tenure): boolean;
  /** True: it stalled, and asks for no more than the smallest fetches. */
  readonly probing: boolean;
  /** Takes records over, and memory for them. @returns false where they are not due (any more) */
  take(tenure: Tenure, records: PumpedRecords): boolean;
  /** Where the next records that it takes begin; null: it is not ours (any more). */
  nextOf(tenure: Tenure): number | null;
  /** It goes on there, since nothing is to be had before; further back: the log is another one, and what waits is void. */
  moveTo(tenure: Tenure, start: number): void;
  observe(position: PartitionPosition): void;
  /** @param count how many partitions the topic has; null: not known */
  partitions(count: number | null): PartitionStatus[];
  /** Of what is ours of the topic, together; null: of none of it known. */
  readonly lag: number | null;
  isOurs(partition: number): boolean;
  /** Null: what is sent gets its outcomes. */
  readonly trouble: Trouble | null;
  /**
   * Takes nothing more, lets go of what was not sent yet, waits for what was and commits it.
   * @returns true where nothing that was sent stayed uncommitted; else it will be read and sent again
   */
  drain(signal: AbortSignal): Promise<boolean>;
  /** Ends at once; to be called in any case, after `drain` too. */
  close(): void;
}
