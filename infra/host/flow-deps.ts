import type { IngestBatchDeps } from "../../functions/ingest-batch.ts";
import type { GroupTrouble } from "../../lib/adapters/kafka/group/member/member.ts";
import type { RecordDecoder } from "../../lib/adapters/kafka/records/record-decoder.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { LostRange } from "../../lib/rules/offsets/position.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import type { BulkSettings, KafkaSettings } from "../../lib/rules/model/settings.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import type { BulkGate } from "./bulks/bulk-gate.ts";
import type { SendBulk } from "./bulks/bulk-requests.ts";
import type { ConsumerPool } from "./topic/consumer-pool.ts";
import type { TopicEvents } from "./pump/pump-events.ts";

/** What moves the records of a host, made of parts that know neither HTTP nor etcd nor files. */
export interface FlowDeps {
  /** The way to the brokers that these settings name. Asked for with each other settings; the flow closes it. */
  openWire(kafka: KafkaSettings): KafkaWire;
  /** Makes records of what is fetched of the topic. */
  createDecoder(topic: string): RecordDecoder;
  /** Of many topics together. */
  readonly bulk: SendBulk;
  readonly deadLetters: IngestBatchDeps["deadLetters"];
  readonly time: Time;
  readonly logger: Logger;
  /** Tells this host from the others of its group, as long as this process runs. */
  readonly host: string;
  /** Those in force; asked whenever they matter. `useSettings` tells that they are others. */
  settings(): FlowSettings;
  /** How long Kafka keeps a record of the topic; null: nobody can tell. */
  keptForMs(topic: string): number | null;
  readonly events: FlowEvents;
}

export interface FlowSettings {
  readonly kafka: KafkaSettings;
  readonly bulk: BulkSettings;
}

/** What happens, for counters, logs and whoever looks on; none of them may throw. */
export interface FlowEvents {
  /** Of a topic that starts. */
  ofTopic(topic: string): TopicEvents;
  /** Gone from the topic before they were read. */
  lost(topic: string, ranges: readonly LostRange[]): void;
  /** It failed, and is due for another try at `retryAtMs`. */
  failed(topic: string, reason: string, retryAtMs: number): void;
  /** It is gone from this host; nothing is counted for it any more. */
  forgotten(topic: string): void;
  /** What one attempt made of its records, by position; null: they are tried again. */
  attempted(
    spec: Specification,
    records: readonly SourceRecord[],
    outcomes: readonly (OutcomeKind | null)[],
  ): void;
}

export interface Flow {
  /** Topics are started, replaced and stopped here; nothing is read before the first one is. */
  readonly pool: ConsumerPool;
  /** Why no topic gets on; null: the group is joined, or need not be. */
  readonly trouble: GroupTrouble | null;
  /** The memory that records in flight take. */
  readonly usedBytes: number;
  /** For who sends bulks beside the topics. */
  readonly gate: BulkGate;
  /**
   * The settings are others. Where those of Kafka are: finishes and commits what is in flight, leaves the group, and joins
   * it again by them, all topics together.
   */
  useSettings(): Promise<void>;
  /**
   * Stops fetching, finishes and commits what is in flight for `drainMs` at most, leaves the group, closes the connections.
   * Called again while it stops, the shorter wait counts.
   * @returns the topics of which something stayed uncommitted
   */
  stop(drainMs: number): Promise<string[]>;
}
