import type { SentBefore } from "../../../lib/adapters/elasticsearch/sent/sent-before.ts";
import type { OutcomeKind, RetryReason, SetAside, SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Doubt, Doubts } from "../../../lib/rules/offsets/doubts.ts";
import type { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { AttemptStart, Evidence } from "../../../lib/rules/outcomes/suspects.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Seat } from "../bulks/boarding.ts";
import type { BulkPost } from "../bulks/bulk-post.ts";
import type { ByteShare } from "../shares/byte-budget.ts";
import type { PlainWay } from "./load.ts";

/** The result of one attempt, by position; null: retry that record. */
export interface AttemptResult {
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly retry: RetryReason | null;
  /** As in `IngestBatchResult`. Absent: Elasticsearch refused what has no outcome. */
  readonly unsure?: "not_looked_up" | "maybe_sent" | null;
  /** Absent: says nothing about whose fault a refusal is. */
  readonly evidence?: Evidence;
  /** Records indexed in a changed form, with the refused field; null: unknown. */
  readonly gaveWay?: ReadonlyMap<number, string | null>;
}

/** Events for counters and logs, per batch or bulk, never per record. */
export interface PumpEvents {
  consumed(records: number): void;
  outcomes(outcomes: readonly (OutcomeKind | null)[]): void;
  retried(reason: RetryReason, records: number): void;
  /** Records were indexed in a changed form. @param fields the refused field of each */
  gaveWay(fields: Iterable<string | null>): void;
  /** A record batch became one dead letter. */
  setAside(batch: SetAside): void;
  commitFailed(error: unknown): void;
  /** A fault of ours: the pump must be replaced. */
  broken(error: unknown): void;
}

export interface SendingDeps {
  /**
   * One bounded attempt. Never throws for what servers do. Without a doubt, its first bulk comes within a few
   * microtasks: others may wait for it.
   */
  ingest(
    records: readonly SourceRecord[],
    attempt: {
      readonly number: number;
      readonly proven: AttemptStart["proven"];
      readonly doubt: Doubt | null;
      readonly bulk: Seat["bulk"];
    },
    signal: AbortSignal,
  ): Promise<AttemptResult>;
  /** The short way for ordinary records; absent: all records go through `ingest`. */
  readonly plain?: PlainWay;
  /** The topic's, shared by its successive pumps. */
  readonly memory: OutcomeMemory;
  readonly before: Pick<SentBefore, "mayMove" | "place">;
  readonly post: BulkPost;
  readonly share: ByteShare;
  /** Bounds of one attempt, and how many attempts of this topic may run at once. */
  limits(): { readonly maxDocuments: number; readonly maxBytes: number; readonly concurrency: number };
  readonly time: Time;
  readonly events: PumpEvents;
}

export interface SendingOwner {
  /** The topic's records that may have been sent before. */
  readonly doubts: Doubts;
  /** Something may have become committable. */
  onSettled(): void;
  /** No record got an outcome for too long: waiting records are to be dropped. */
  onStalled(): void;
  /** True: draining or closed, so nothing is dropped as stalled: a drain waits for what was sent. */
  readonly isEnding: boolean;
}
