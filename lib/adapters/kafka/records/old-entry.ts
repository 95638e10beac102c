import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeMessageSet from "kafkajs/src/protocol/messageSet/decoder.js";
import type { RecordHeader, SourceRecord } from "../../../rules/model/record.ts";

/** The old formats have none. */
const NO_HEADERS: readonly RecordHeader[] = [];

/** Decodes one entry of Kafka's two oldest formats, which brokers before 4.0 may still hold. */
export async function readOldEntry(
  entry: Buffer,
  partition: number,
  from: number,
): Promise<readonly SourceRecord[]> {
  const messages = await decodeMessageSet(new Decoder(entry), entry.length);
  return messages
    .map(({ offset, timestamp, key, value }) => ({
      partition,
      offset: Number(offset),
      timestamp: Number(timestamp),
      key,
      value,
      headers: NO_HEADERS,
    }))
    .filter(({ offset }) => offset >= from);
}
