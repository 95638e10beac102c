import type { JsonField } from "./json-text.ts";

/** Longer values make no filter that anybody could read. */
const maxFilterLength = 200;
/** Of what Penstock adds, that is looked through. */
const kafkaTexts = /^kafka\.(?:key|headers\..*|value\..*)$/s;

/**
 * Whether a search for the value finds its field: words are looked for in texts, and not where a field gave way. The time and
 * the topic have pickers of their own.
 */
export function isFilter({ path, value, isText }: JsonField, ignored: readonly string[]): boolean {
  // Elasticsearch's names know no places in lists.
  const field = path.replace(/\.\d+(?=\.|$)/g, "");
  if (!isText || path === "@timestamp" || ignored.includes(field)) return false;
  if (path.startsWith("kafka.") && !kafkaTexts.test(path)) return false;
  return value.length <= maxFilterLength && /[\p{L}\p{N}]/u.test(value);
}

/** The query that also wants this value, or wants it nowhere. Quoted where it is more than one word, so that its signs mean nothing. */
export function withValue(query: string, value: string, exclude: boolean): string {
  const isWord = /^[\p{L}\p{N}_]+$/u.test(value);
  // There is no way to write a quote inside a phrase that every analyzer would keep.
  const text = isWord ? value : `"${value.replaceAll(/["\\]/g, " ").trim()}"`;
  const term = `${exclude ? "-" : ""}${text}`;
  return text === '""' || query.trim().split(" ").includes(term) ? query : `${query.trim()} ${term}`.trim();
}
