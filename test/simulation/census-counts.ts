import type { LetterAbout } from "./dead-letters.ts";

export type RecordKind =
  /** Matches its index. */
  | "fit"
  /** The mapping refuses it. */
  | "unfit"
  /** Without a value. */
  | "empty";

/** The state of the record's transaction. */
export type Transacted = "none" | "open" | "committed" | "aborted";

/** One record of Kafka, and what is known about its outcome. */
export interface CountedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly kind: RecordKind;
  transacted: Transacted;
  /** The index that contains it; null if none. */
  index: string | null;
  /** True if it was written once, but its index was lost. */
  vanished: boolean;
  letters: number;
}

export interface PartitionCount {
  /** In offset order. */
  readonly records: CountedRecord[];
  /** Kafka keeps nothing before this offset. */
  logStart: number;
  /** One past the last offset. */
  end: number;
  /** All records before it have an outcome. Found at commits, so that no record is checked twice. */
  known: number;
  /** The last commit accepted for this log; null if none. */
  committed: number | null;
  /** The commit's sequence number among all commits, in sending order. */
  committedOrder: number;
  /** True if an earlier commit arrived after it. */
  setBack: boolean;
}

/** A topic from its creation to its deletion. */
export interface Incarnation {
  readonly partitions: Map<number, PartitionCount>;
}

export interface TopicCount {
  /** The current one last. */
  readonly incarnations: Incarnation[];
}

/**
 * Counts every record, from production to outcome, independently of the hosts: it learns only from the simulated
 * servers.
 */
export interface Census {
  created(topic: string): void;
  appended(
    topic: string,
    record: Pick<CountedRecord, "partition" | "offset" | "timestamp" | "kind" | "transacted">,
  ): void;
  /** The log continues behind a marker. */
  extended(topic: string, partition: number, end: number): void;
  /** A transaction ended. */
  ended(topic: string, partition: number, offsets: ReadonlySet<number>, as: "committed" | "aborted"): void;
  /** Retention: nothing before `logStart` is kept. */
  expired(topic: string, partition: number, logStart: number): void;
  /** Records from there on are lost; their offsets will be reused. */
  truncated(topic: string, partition: number, end: number): void;
  written(index: string, id: string): void;
  indexLost(index: string): void;
  letter(about: LetterAbout): void;
  /** The coordinator accepted it. @param order its sequence number among all commits, in sending order */
  committed(topic: string, partition: number, offset: number, metadata: string | null, order: number): void;
  /**
   * The committed offset before a late, earlier commit set it back; until the next commit. Null if none did.
   */
  setBack(topic: string, partition: number): number | null;
  /** Unfinished work of these topics' current incarnations. Empty if every record has its outcome. */
  open(topics: Iterable<string>): string[];
  /** The offsets from there on of written or dead-lettered records. */
  done(topic: string, partition: number, from: number): number[];
  /** Everything that must not happen but did. */
  readonly violations: readonly string[];
  readonly counts: { readonly records: number; readonly written: number; readonly letters: number };
}

/** Whether its outcome is final. */
export function hasOutcome({ kind, transacted, index, vanished, letters }: CountedRecord): boolean {
  if (transacted === "open") return false;
  if (transacted === "aborted" || kind === "empty") return true;
  return index !== null || vanished || letters > 0;
}
