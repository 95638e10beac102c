import type { RecordHeader, SourceRecord } from "../model/record.ts";
import { decodeUtf8 } from "../base/utf8-text.ts";

export interface KafkaFields {
  /** The members after `topic` of the document's `kafka` object, as JSON. */
  readonly json: string;
  /** False if the key or a header was not UTF-8. */
  readonly faithful: boolean;
}

/** The beginning of the document's `kafka` object, the same for all records of a topic. */
export function kafkaStart(topic: string): string {
  return `"kafka":{"topic":${JSON.stringify(topic)},`;
}

/**
 * `partition`, `offset`, `key` and `headers` of a record. A key that is not UTF-8 keeps its bytes in `key_base64`.
 */
export function kafkaFields(record: SourceRecord): KafkaFields {
  let json = `"partition":${record.partition},"offset":${record.offset}`;
  let faithful = true;
  if (record.key !== null) {
    const key = decodeUtf8(record.key);
    json += `,"key":${JSON.stringify(key.text)}`;
    if (!key.faithful) json += `,"key_base64":"${record.key.toString("base64")}"`;
    faithful = key.faithful;
  }
  if (record.headers.length > 0) {
    const headers = headerFields(record.headers);
    json += `,"headers":${headers.json}`;
    faithful &&= headers.faithful;
  }
  return { json, faithful };
}

/**
 * Headers as one object from name to text, with a list for repeated names and null for a header without a value.
 *
 * Producers choose the names, which must neither break a document nor each add a field to the mapping. So the template maps
 * the object as `flattened`: `kafka.headers.<name>` can be searched, and any name, dots included, is one key. Two kinds of
 * names are made safe: an empty one, which other mappings reject, becomes `_`, and NUL, which `flattened` rejects, U+FFFD.
 */
function headerFields(headers: readonly RecordHeader[]): KafkaFields {
  const valuesByName = new Map<string, string[]>();
  let faithful = true;
  for (const { name, value } of headers) {
    const decoded = value === null ? null : decodeUtf8(value);
    faithful &&= decoded?.faithful ?? true;
    const safeName = name === "" ? "_" : name.replaceAll("\0", "\uFFFD");
    const text = decoded === null ? "null" : JSON.stringify(decoded.text);
    valuesByName.getOrInsertComputed(safeName, () => []).push(text);
  }
  const members = [...valuesByName].map(
    ([name, values]) =>
      `${JSON.stringify(name)}:${values.length === 1 ? values.join() : `[${values.join()}]`}`,
  );
  return { json: `{${members.join(",")}}`, faithful };
}
