import type { RecordDocuments } from "../../lib/adapters/elasticsearch/topic-snapshot/snapshot.ts";
import type { ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { LogStretch } from "../../lib/rules/inspection/entries.ts";
import type { Standing } from "../../lib/rules/inspection/verdict.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { Marks } from "../../lib/rules/offsets/marks.ts";
import type { SeenIndices } from "../audit-topic/pass.ts";
import type { Owners } from "../fleet/owners.ts";

export interface ExplainRecordInput {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** As declared; null if nobody declared it. */
  readonly spec: Specification | null;
}

/** The topic's documents. */
export type ExplainedDocuments = Pick<
  RecordDocuments,
  | "names"
  | "generations"
  | "hasStrayed"
  | "isPartial"
  | "hasPipeline"
  | "firstOffset"
  | "cursor"
  | "anywhere"
  | "close"
>;

/** A dead letter or a document in a failure store. */
export interface FoundLetter {
  readonly index: string;
  readonly error: { readonly type: string; readonly reason: string };
  /** ISO 8601; null if unknown. */
  readonly failedAt: string | null;
  /** How often it was tried; null if unknown. */
  readonly attempts: number | null;
}

export interface ExplainRecordDeps {
  /** What lies at the offset. */
  readonly readStretch: () => Promise<LogStretch>;
  /** What the group has committed for the partition. */
  readonly committed: () => Promise<{ readonly offset: number | null; readonly marks: Marks | null }>;
  /** What this host knows of the topic now; null if it does not have it. */
  readonly standing: () => Omit<Standing, "perSecond" | "owner"> | null;
  /** Who reads the topic; null if that is not known in time. Never throws. */
  readonly currentOwners: (topic: string) => Promise<Owners>;
  /** Those in this index, and in all of Penstock's. @param index as declared */
  readonly openDocuments: (index: string) => Promise<ExplainedDocuments>;
  /** The indices that fields choose; null: no field does. */
  readonly indices: SeenIndices | null;
  /**
   * The newest dead letter of the record, as far as it was looked for.
   * @param timestamp of the record; null if Kafka has deleted it
   */
  readonly findLetter: (
    timestamp: number | null,
  ) => Promise<{ readonly letter: ReadDeadLetter | null; readonly complete: boolean }>;
  /** The newest refusal of this document in a failure store, and why one may not have been seen, in sentences. */
  readonly findFailure: (
    id: string,
  ) => Promise<{ readonly failure: FoundLetter | null; readonly problems: readonly string[] }>;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
