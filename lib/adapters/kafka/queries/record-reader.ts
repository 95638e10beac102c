import type { Logger } from "../../../rules/base/logger.ts";
import type { LogRange } from "../../../rules/offsets/position.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import type { Spans } from "../../../rules/offsets/span-tracks.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { readSpans } from "./span-reader.ts";

/** Reads topics independently of their consumers; every call opens and closes its own connections. */
export function createRecordReader(kafka: KafkaSettings, logger: Logger) {
  return {
    /** Returns the readable range by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
    async ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>> {
      const offsets = createKafkaOffsets(kafka, logger);
      try {
        return await offsets.ranges(topic, signal);
      } finally {
        await offsets.close();
      }
    },
    /** {@link readSpans} */
    readSpans: (
      topic: string,
      spans: Spans,
      onBatch: (batch: FetchedBatch) => Promise<void>,
      signal: AbortSignal,
    ): Promise<void> => readSpans({ kafka, topic, logger }, spans, onBatch, signal),
  };
}
