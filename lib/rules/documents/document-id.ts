import { isTopicName } from "../model/names.ts";

/**
 * The `_id` of a record's document: `<topic>:<partition>:<offset>:<record timestamp in base 36>`.
 *
 * Together with the operation `create` it turns every repetition into a 409, which makes the index exactly-once. The
 * timestamp distinguishes the records of a recreated topic, whose offsets start again; without one (-1) the id ends in
 * `:-1`. Kafka limits topic names to 249 characters of `[a-zA-Z0-9._-]`, so the id stays below the 512 bytes that
 * Elasticsearch allows, and needs no escaping.
 */
export function documentId(
  topic: string,
  record: { readonly partition: number; readonly offset: number; readonly timestamp: number },
): string {
  return `${topic}:${record.partition}:${record.offset}:${record.timestamp.toString(36)}`;
}

/** The parts of an `_id`. */
export interface RecordIdentity {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch; -1 if the record has none. */
  readonly timestamp: number;
}

/** Parses a `documentId` of this topic; null if it is another topic's, or not one of ours. */
export function parseDocumentId(topic: string, id: string): RecordIdentity | null {
  if (!id.startsWith(topic) || id[topic.length] !== ":") return null;
  const offsetAt = id.indexOf(":", topic.length + 1) + 1;
  const timestampAt = id.indexOf(":", offsetAt) + 1;
  if (offsetAt === 0 || timestampAt === 0) return null;
  const partition = Number.parseInt(id.slice(topic.length + 1, offsetAt - 1), 10);
  const offset = Number.parseInt(id.slice(offsetAt, timestampAt - 1), 10);
  const timestamp = Number.parseInt(id.slice(timestampAt), 36);
  const identity = { partition, offset, timestamp };
  // Parsing was lenient: the id is ours only if writing it gives the same text.
  return documentId(topic, identity) === id ? identity : null;
}

/** Parses a `documentId` of any topic; null if it is not one of ours. */
export function parseRecordId(id: string): (RecordIdentity & { readonly topic: string }) | null {
  const topic = id.slice(0, Math.max(0, id.indexOf(":")));
  const identity = isTopicName(topic) ? parseDocumentId(topic, id) : null;
  return identity && { topic, ...identity };
}
