import type { Time } from "../../../rules/base/time.ts";
import type { HistoryRecord } from "../../../rules/history/record.ts";
import type { KafkaLinks } from "../client/links.ts";
import { createKafkaWire } from "../wire/kafkajs-wire.ts";
import { createHistoryWriter, type HistoryTopicOptions, type HistoryWriter } from "./history-topic.ts";
import { type HistoryRead, type HistoryReading, readHistory } from "./read-history.ts";

/** Writes to the topic of the history, and reads it, over connections of its own. */
export interface HistoryLink {
  openWriter(options: HistoryTopicOptions): HistoryWriter;
  /** @throws as `readHistory` */
  read(
    options: HistoryTopicOptions,
    from: HistoryRead,
    onRecord: (record: HistoryRecord) => void,
    signal: AbortSignal,
  ): Promise<HistoryReading>;
}

export function createHistoryLink(links: KafkaLinks, time: Time): HistoryLink {
  const openWire = ({ kafka, logger }: HistoryTopicOptions) => createKafkaWire(kafka, logger, links, time);
  return {
    openWriter: (options) => createHistoryWriter(options, links, () => openWire(options)),
    read: (options, from, onRecord, signal) =>
      readHistory(options, openWire(options), from, onRecord, signal),
  };
}
