import type { Check } from "../diagnosis/check.ts";
import type { PartitionOwner } from "../group/roster.ts";
import type { Refusal, SourceRef } from "../model/declaration.ts";
import type { FieldChange } from "../model/specification.ts";
import type { ListedTopic } from "../progress/holdings.ts";
import type { Remedy } from "../remedies/remedy.ts";
import type { ExplainedSetting } from "./settings.ts";

export interface LetterCount {
  readonly letters: number;
  /** False if not all could be read. */
  readonly complete: boolean;
}

/** One declaration of the topic. */
export interface ExplainedDeclaration {
  readonly source: SourceRef;
  readonly wins: boolean;
  /** What it says otherwise than the winner. */
  readonly differs: readonly FieldChange[];
}

/** One partition, as Kafka knows it. */
export interface ExplainedPartition {
  readonly partition: number;
  /** The first offset that Kafka still has, and one past the last. */
  readonly start: number;
  readonly end: number;
  /** Null: the group has no position there. */
  readonly committed: number | null;
  readonly lag: number | null;
  /** Whether the host that was asked reads it; null if none was. */
  readonly owned: boolean | null;
  /** The host that reads it; null: none does. Absent if the group did not say, or no host was asked. */
  readonly owner?: PartitionOwner | null | undefined;
}

/** When the oldest record that waits was written, and when Kafka may delete it, in milliseconds since the epoch. */
export interface ExplainedDeadline {
  readonly oldestAt: number | null;
  readonly deletableAt: number | null;
}

/** Everything that is known about one topic. */
export interface Explanation {
  readonly topic: string;
  /** When it was asked, ISO 8601. */
  readonly at: string;
  /** One sentence: how it fares, and why. */
  readonly says: string;
  readonly remedy: Remedy | null;
  /** The winner first. */
  readonly declared: readonly ExplainedDeclaration[];
  readonly refused: readonly Refusal[];
  /** Empty if nothing declares it. */
  readonly settings: readonly ExplainedSetting[];
  /** Null if Kafka did not say. */
  readonly inKafka: boolean | null;
  readonly partitions: readonly ExplainedPartition[];
  /** Null if nothing waits. */
  readonly deadline: ExplainedDeadline | null;
  /** Null if they could not be read. */
  readonly deadLetters: LetterCount | null;
  readonly status: ListedTopic | null;
  /** Doctor's checks, of this topic alone. */
  readonly checks: readonly Check[];
}
