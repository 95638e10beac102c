import type { JsonField } from "./json-text.ts";

/** Longer values would make unreadable filters. */
const maxFilterLength = 200;
/** Searchable fields among those that Penstock adds. */
const kafkaTexts = /^kafka\.(?:key|headers\..*|value\..*)$/s;

/**
 * Whether a search for the value finds the field: searches cover texts, but not fields that gave way. Time and topic have
 * their own pickers.
 */
export function isFilter({ path, value, isText }: JsonField, ignored: readonly string[]): boolean {
  // Elasticsearch's field names contain no list positions.
  const field = path.replace(/\.\d+(?=\.|$)/g, "");
  if (!isText || path === "@timestamp" || ignored.includes(field)) return false;
  if (path.startsWith("kafka.") && !kafkaTexts.test(path)) return false;
  return value.length <= maxFilterLength && /[\p{L}\p{N}]/u.test(value);
}

/** Adds the value to the query, or excludes it. Values of several words are quoted, so that their punctuation is literal. */
export function withValue(query: string, value: string, exclude: boolean): string {
  const isWord = /^[\p{L}\p{N}_]+$/u.test(value);
  // A phrase cannot contain a quote that every analyzer would keep.
  const text = isWord ? value : `"${value.replaceAll(/["\\]/g, " ").trim()}"`;
  const term = `${exclude ? "-" : ""}${text}`;
  return text === '""' || query.trim().split(" ").includes(term) ? query : `${query.trim()} ${term}`.trim();
}
