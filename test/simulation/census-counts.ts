import type { LetterAbout } from "./dead-letters.ts";

export type RecordKind =
  /** Fit for its index. */
  | "fit"
  /** The mapping refuses it. */
  | "unfit"
  /** Without a value. */
  | "empty";

/** Of the transaction that it was written in. */
export type Transacted = "none" | "open" | "committed" | "aborted";

/** One record of Kafka, and what is known to have become of it. */
export interface CountedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly kind: RecordKind;
  transacted: Transacted;
  /** Where it stands; null: nowhere. */
  index: string | null;
  /** True: it was once written, and its index got lost. */
  vanished: boolean;
  letters: number;
}

export interface PartitionCount {
  /** In the order of their offsets. */
  readonly records: CountedRecord[];
  /** Kafka keeps nothing before it. */
  logStart: number;
  /** One past the last offset. */
  end: number;
  /** Before it, every record has its outcome: found by commits, so that none is looked at twice. */
  known: number;
  /** The last commit that was accepted for this log; null: none. */
  committed: number | null;
  /** Of all commits, the how-manieth it was when it was sent. */
  committedOrder: number;
  /** True: an earlier one came after it. */
  setBack: boolean;
}

/** A topic from its creation to its deletion. */
export interface Incarnation {
  readonly partitions: Map<number, PartitionCount>;
}

export interface TopicCount {
  /** The present one last. */
  readonly incarnations: Incarnation[];
  /** True: records may stand in its former index and in its present one. */
  movesIndex: boolean;
}

/**
 * Counts every record, from what Kafka was given to what became of it, beside the hosts and without their help: it learns only
 * from the simulated servers.
 */
export interface Census {
  created(topic: string): void;
  appended(
    topic: string,
    record: Pick<CountedRecord, "partition" | "offset" | "timestamp" | "kind" | "transacted">,
  ): void;
  /** The log goes on behind a mark that is no record. */
  extended(topic: string, partition: number, end: number): void;
  /** A transaction ended. */
  ended(topic: string, partition: number, offsets: ReadonlySet<number>, as: "committed" | "aborted"): void;
  /** Retention: nothing before it is kept. */
  expired(topic: string, partition: number, logStart: number): void;
  /** What was written from there on is lost, and will be written anew. */
  truncated(topic: string, partition: number, end: number): void;
  movesIndex(topic: string): void;
  written(index: string, id: string): void;
  indexLost(index: string): void;
  letter(about: LetterAbout): void;
  /** The coordinator took it. @param order of all commits, the how-manieth it was when it was sent */
  committed(topic: string, partition: number, offset: number, metadata: string | null, order: number): void;
  /**
   * Up to where it was committed before an earlier commit, which came late, set it back: until the next one. Null: none did.
   */
  setBack(topic: string, partition: number): number | null;
  /** Of the present incarnation of these topics: what is still to come. Empty: every record has its outcome. */
  open(topics: Iterable<string>): string[];
  /** The offsets from there on of records that are written or dead-lettered. */
  done(topic: string, partition: number, from: number): number[];
  /** What must not have happened. */
  readonly violations: readonly string[];
  readonly counts: { readonly records: number; readonly written: number; readonly letters: number };
}

/** Whether nothing more is to come of it. */
export function hasOutcome({ kind, transacted, index, vanished, letters }: CountedRecord): boolean {
  if (transacted === "open") return false;
  if (transacted === "aborted" || kind === "empty") return true;
  return index !== null || vanished || letters > 0;
}
