/**
 * The `_id` of a record's document: `<topic>:<partition>:<offset>:<record timestamp in base 36>`.
 *
 * Together with the operation `create` it makes every repetition a 409, and so the index exactly-once. The timestamp
 * keeps a deleted and recreated topic, whose offsets start again, from being taken for duplicates; a record without one
 * (-1) ends in `:-1`. Kafka limits topic names to 249 characters of `[a-zA-Z0-9._-]`, so the id stays below the 512
 * bytes that Elasticsearch allows and needs no escaping.
 */
export function documentId(
  topic: string,
  record: { readonly partition: number; readonly offset: number; readonly timestamp: number },
): string {
  return `${topic}:${record.partition}:${record.offset}:${record.timestamp.toString(36)}`;
}

/** What an `_id` says of its record. */
export interface RecordIdentity {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch; -1 where the record has none. */
  readonly timestamp: number;
}

/** Reads what `documentId` wrote for a record of this topic; null: the id is another topic's, or not one of ours. */
export function parseDocumentId(topic: string, id: string): RecordIdentity | null {
  if (!id.startsWith(topic) || id[topic.length] !== ":") return null;
  const offsetAt = id.indexOf(":", topic.length + 1) + 1;
  const timestampAt = id.indexOf(":", offsetAt) + 1;
  if (offsetAt === 0 || timestampAt === 0) return null;
  const partition = Number.parseInt(id.slice(topic.length + 1, offsetAt - 1), 10);
  const offset = Number.parseInt(id.slice(offsetAt, timestampAt - 1), 10);
  const timestamp = Number.parseInt(id.slice(timestampAt), 36);
  const identity = { partition, offset, timestamp };
  // What was parsed leniently is ours only if it is written the same way.
  return documentId(topic, identity) === id ? identity : null;
}
