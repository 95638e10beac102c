/** The rules of Kafka and Elasticsearch for names, and ours for topic patterns and index templates. */

import { fieldPlaceholderFault, indexFields, listsIndex, withExampleFields } from "./index-fields.ts";

/** Kafka, `org.apache.kafka.common.internals.Topic`: LEGAL_CHARS, MAX_NAME_LENGTH, and neither `.` nor `..`. */
export const topicNamePattern = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
export const topicNameRule = "is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)";

/** A glob over the characters of a topic name: `*` matches any number of them, `?` exactly one. */
export const topicPatternPattern = /^[a-zA-Z0-9._*?-]{1,249}$/;
export const topicPatternRule = "is not a topic pattern (1 to 249 of a-z A-Z 0-9 . _ - * ?)";

export function isTopicName(name: string): boolean {
  return topicNamePattern.test(name);
}

/** The names of Kafka's own topics begin with two underscores. */
export function isInternalTopic(name: string): boolean {
  return name.startsWith("__");
}

/** The ending of the default name of a dead-letter topic. */
const deadLettersSuffix = ".dead-letters";

const historySuffix = "penstock.history";
export const historyTopicRule = `does not end with ${historySuffix}, by which every Penstock knows that it must not move it`;

/** Whether a topic holds the history of this or another Penstock. Such a topic is never moved. */
export function isHistoryTopic(name: string): boolean {
  return name.endsWith(historySuffix);
}

/**
 * Whether the pattern covers the topic. Never true for `__*`, for the history's topics, and for dead-letter topics, ours as
 * well as those with the default ending: their records would come back as input, even those of another deployment.
 */
export function matchesTopicPattern(pattern: string, topic: string, deadLetterTopic: string): boolean {
  const isInput =
    !isInternalTopic(topic) &&
    !isHistoryTopic(topic) &&
    topic !== deadLetterTopic &&
    !topic.endsWith(deadLettersSuffix);
  return isInput && matchesGlob(pattern, topic);
}

/**
 * Matches `*` to any number of characters and `?` to exactly one. It remembers only the last `*` to return to, so that no
 * pattern takes more than |pattern| × |text| steps, as a regular expression might.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resumeAt = t;
    } else if (pattern[p] === "?" || pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** The first of the globs that matches the topic; null if none does. */
export function excludingGlob(exclude: readonly string[], topic: string): string | null {
  return exclude.find((glob) => matchesGlob(glob, topic)) ?? null;
}

/** The globs that match whatever the pattern matches, so that it covers nothing. */
export function globsOverAll(exclude: readonly string[], pattern: string): string[] {
  // Only a `*` of the glob matches both nothing and more unknown letters than the glob is long.
  return exclude.filter((glob) =>
    [0, glob.length + 1].every((count) =>
      matchesGlob(glob, pattern.replaceAll("?", "\0").replaceAll("*", "\0".repeat(count))),
    ),
  );
}

const indexNameRule =
  'is not an Elasticsearch index name (lower case, no \\ / * ? " < > | , # : or white space, ' +
  "not starting with - _ + or ., at most 255 bytes)";
const braceRule = "contains a brace without its other half";
const beginningRule =
  "begins with a placeholder: a name that fields choose needs a fixed beginning, such as logs-, or it could be any index";
const ownNameRule = "may lead to an index or alias of Penstock's own (penstock-*): declare another index";
/** What Penstock itself makes in Elasticsearch: see lib/rules/template and lib/adapters/elasticsearch/names. */
export const ownNames: ReadonlySet<string> = new Set(["penstock-records", "penstock-streams", listsIndex]);
export const indexNeededRule =
  "cannot be used as an Elasticsearch index name (lower case, not starting with - _ + or ., at most 255 bytes): declare an index";

const topicPlaceholder = "{topic}";
/** The UTC day of a record in the name of its index. */
export const datePlaceholder = "{yyyy.MM.dd}";
const msPerDay = 86_400_000;

/**
 * Elasticsearch's rules (create index API, `MetadataCreateIndexService.validateIndexOrAliasName`) plus two of ours:
 * no leading `.` (hidden and system indices), no white space or control characters at all.
 */
export function isIndexName(name: string): boolean {
  return (
    // eslint-disable-next-line no-control-regex
    !/^[-_+.]|[\\/*?"<>|,#:\s\u0000-\u001f\u007f]|^$/.test(name) &&
    name === name.toLowerCase() &&
    new TextEncoder().encode(name).length <= 255
  );
}

/** The rule that an index template breaks, or null. The value of `{topic}` is checked once the topic is known. */
export function indexTemplateFault(template: string): string | null {
  const resolved = resolveIndex(template, "t");
  const fault = fieldPlaceholderFault(resolved);
  if (fault !== null) return fault;
  const hasFields = indexFields(resolved).length > 0;
  if (hasFields && resolved.startsWith("{")) return beginningRule;
  if (leadsToOwn(resolved)) return ownNameRule;
  if (/[{}]/.test(exampleOf(resolved))) return braceRule;
  return isResolvedIndex(resolved) ? null : indexNameRule;
}

function exampleOf(resolved: string): string {
  return withExampleFields(resolved).replaceAll(datePlaceholder, "2000.01.01");
}

/** Replaces `{topic}` in the template; the result may still contain `{yyyy.MM.dd}` and fields. */
export function resolveIndex(template: string, topic: string): string {
  return template.replaceAll(topicPlaceholder, () => topic);
}

/** Whether every index name that the resolved template produces is valid in Elasticsearch. */
export function isResolvedIndex(resolved: string): boolean {
  return isIndexName(exampleOf(resolved));
}

/** Why a topic cannot be written to the index of this resolved template, as a predicate; null if it can. */
export function resolvedIndexFault(resolved: string): string | null {
  if (leadsToOwn(resolved)) return ownNameRule;
  return isResolvedIndex(resolved) ? null : indexNeededRule;
}

function leadsToOwn(resolved: string): boolean {
  return [...ownNames].some((name) => leadsTo(resolved, name));
}

/** Whether the day is part of the name. */
export function isDated(resolved: string): boolean {
  return resolved.includes(datePlaceholder);
}

/**
 * The index of a record, from the UTC day of its timestamp; concrete if no field is part of the name.
 * @param timestampMs must be in 0…253402300799999, or the name is useless
 */
export function indexForTimestamp(resolved: string, timestampMs: number): string {
  if (!isDated(resolved)) return resolved;
  const day = new Date(timestampMs).toISOString().slice(0, 10).replaceAll("-", ".");
  return resolved.replaceAll(datePlaceholder, day);
}

/** `indexForTimestamp` for many records of one template: it builds the name once per run of records of the same day. */
export function createIndexNamer(resolved: string): (timestampMs: number) => string {
  if (!isDated(resolved)) return () => resolved;
  let day = Number.NaN;
  let name = resolved;
  return (timestampMs) => {
    const recordDay = Math.floor(timestampMs / msPerDay);
    if (recordDay !== day) {
      name = indexForTimestamp(resolved, timestampMs);
      day = recordDay;
    }
    return name;
  };
}

/** Whether the index is the resolved template itself, or one that it produces for some day and some values of fields. */
export function leadsTo(resolved: string, index: string): boolean {
  return index === resolved || (indexPatternOf(resolved) !== resolved && indexForm(resolved).test(index));
}

/** The day in the name of an index that the resolved template produced, such as `2026.11.30`; empty if there is none. */
export function dayIn(resolved: string, index: string): string {
  return indexForm(resolved).exec(index)?.[1] ?? "";
}

function indexForm(resolved: string): RegExp {
  const parts = resolved.split(/(\{[^{}]*\})/).map((part) => {
    if (part === datePlaceholder) return String.raw`(\d{4}\.\d{2}\.\d{2})`;
    return part.startsWith("{") ? ".+" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** The wildcard pattern that covers every index of the template, for an index template's `index_patterns`. */
export function indexPatternOf(template: string): string {
  return template.replaceAll(/(?:\{[^{}]*\})+/g, "*");
}
