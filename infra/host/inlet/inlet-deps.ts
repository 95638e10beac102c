import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Reader } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { RecordDecoder } from "../../../lib/adapters/kafka/records/record-decoder.ts";
import type { LostRange, Position } from "../../../lib/rules/offsets/position.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { ByteBudget, ByteShare } from "../shares/byte-budget.ts";
import type { DecodeTurns } from "../shares/decode-turns.ts";
import type { Pump } from "../pump/pump-deps.ts";

/** One partition that became ours, and where it is read on. */
export interface OwnedPartition {
  readonly tenure: Tenure;
  /** Null: the group has no commit; `position.start` is the log's start then. */
  readonly committed: number | null;
  readonly position: Position;
}

/** What of one topic is read: between the reader and the topic's pump. */
export interface TopicInlets {
  readonly pump: Pump;
  /** These are ours: they are read from their positions on, and what was lost before is reported. The others go on untouched. */
  own(partitions: readonly OwnedPartition[]): void;
  /** Before a handover: nothing more is fetched of them; resolves once what was sent is finished and committed, or with the signal. */
  settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void>;
  /** They are gone, at once. */
  disown(tenures: readonly Tenure[]): void;
  /** Why a partition is not read, though it is asked for; null: all are. */
  readonly trouble: string | null;
  /** As the pump's, with nothing more fetched. */
  drain(signal: AbortSignal): Promise<boolean>;
  /** With the pump. */
  close(): void;
}

/** `createTopicInlets(deps)` makes them, and the pump's share of the budget with them. */
export interface TopicInletsDeps {
  readonly topic: string;
  readonly reader: Pick<Reader, "open">;
  readonly decoder: RecordDecoder;
  readonly budget: ByteBudget;
  /** The host's: one piece is decoded at a time. */
  readonly turns: DecodeTurns;
  createPump(share: ByteShare): Pump;
  /** Where a partition's log begins and ends (its high watermark) now. @throws PenstockError */
  logOf(topic: string, partition: number): Promise<{ readonly logStart: number; readonly logEnd: number }>;
  readonly time: Time;
  onLost(ranges: readonly LostRange[]): void;
  /** Kafka knows of no such partition any more: it is to be disowned, and owned again once it is found anew. */
  onGone(tenure: Tenure): void;
  /** A fault of ours. */
  broken(error: unknown): void;
}
