import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeMessageSet from "kafkajs/src/protocol/messageSet/decoder.js";
import type { SourceRecord } from "../../../rules/record.ts";
import { toSourceRecord } from "../source-record.ts";

/** The records of one entry of Kafka's two oldest formats, which brokers before 4.0 may still hold. */
export async function readOldEntry(
  entry: Buffer,
  partition: number,
  from: number,
): Promise<readonly SourceRecord[]> {
  const messages = await decodeMessageSet(new Decoder(entry), entry.length);
  return messages.map((message) => toSourceRecord(partition, message)).filter(({ offset }) => offset >= from);
}
