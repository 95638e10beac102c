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
