/** What Kafka and Elasticsearch accept as names, topic patterns, and index templates. */

/** Kafka, `org.apache.kafka.common.internals.Topic`: LEGAL_CHARS, MAX_NAME_LENGTH, and neither `.` nor `../..`. */
export const topicNamePattern = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
export const topicNameRule = "is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)";

/** A glob over the characters of a topic name: `*` any number of them, `?` exactly one. */
export const topicPatternPattern = /^[a-zA-Z0-9._*?-]{1,249}$/;
export const topicPatternRule = "is not a topic pattern (1 to 249 of a-z A-Z 0-9 . _ - * ?)";

export function isTopicName(name: string): boolean {
  return topicNamePattern.test(name);
}

/** Kafka keeps its own topics under names that begin with two underscores. */
export function isInternalTopic(name: string): boolean {
  return name.startsWith("__");
}

/** How dead-letter topics are named unless somebody says otherwise. */
const deadLettersSuffix = ".dead-letters";

/**
 * True where the pattern covers the topic. Never true of `__*` and of dead-letter topics, our own and those that are named
 * as Penstock names them: what it wrote there would come back as input, of another deployment's too.
 */
export function matchesTopicPattern(pattern: string, topic: string, deadLetterTopic: string): boolean {
  const isInput = !isInternalTopic(topic) && topic !== deadLetterTopic && !topic.endsWith(deadLettersSuffix);
  return isInput && matchesGlob(pattern, topic);
}

/**
 * `*` any number of characters, `?` exactly one. Two pointers and one way back: no pattern takes longer than
 * |pattern| × |text| steps, as a regular expression might.
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

const indexNameRule =
  'is not an Elasticsearch index name (lower case, no \\ / * ? " < > | , # : or white space, ' +
  "not starting with - _ + or ., at most 255 bytes)";
const indexTemplateRule = "holds a placeholder other than {topic} and {yyyy.MM.dd}";
export const indexNeededRule =
  "would not do as an Elasticsearch index name (lower case, not starting with - _ + or ., at most 255 bytes): declare an index";

const topicPlaceholder = "{topic}";
const datePlaceholder = "{yyyy.MM.dd}";
const msPerDay = 86_400_000;

/**
 * Elasticsearch, create index API, and `MetadataCreateIndexService.validateIndexOrAliasName`. Stricter by two rules of
 * ours: no leading `.` (hidden and system indices), no white space or control characters at all.
 */
export function isIndexName(name: string): boolean {
  return (
    // eslint-disable-next-line no-control-regex
    !/^[-_+.]|[\\/*?"<>|,#:\s\u0000-\u001f\u007f]|^$/.test(name) &&
    name === name.toLowerCase() &&
    new TextEncoder().encode(name).length <= 255
  );
}

/** The rule that an index template breaks, or null. What `{topic}` stands for is judged once the topic is known. */
export function indexTemplateFault(template: string): string | null {
  const example = resolveIndex(template, "t").replaceAll(datePlaceholder, "2000.01.01");
  if (/[{}]/.test(example)) return indexTemplateRule;
  return isIndexName(example) ? null : indexNameRule;
}

/** The template with `{topic}` replaced; may still hold `{yyyy.MM.dd}`. */
export function resolveIndex(template: string, topic: string): string {
  return template.replaceAll(topicPlaceholder, () => topic);
}

/** True where every index that the resolved template leads to has a name Elasticsearch takes. */
export function isResolvedIndex(resolved: string): boolean {
  return isIndexName(resolved.replaceAll(datePlaceholder, "2000.01.01"));
}

/**
 * The concrete index of a record, by the UTC day of its timestamp.
 * @param timestampMs 0…253402300799999; outside of it the name is of no use.
 */
export function indexForTimestamp(resolved: string, timestampMs: number): string {
  if (!resolved.includes(datePlaceholder)) return resolved;
  const day = new Date(timestampMs).toISOString().slice(0, 10).replaceAll("-", ".");
  return resolved.replaceAll(datePlaceholder, day);
}

/** `indexForTimestamp` for one template and many records: a name is made once per run of records of one day. */
export function createIndexNamer(resolved: string): (timestampMs: number) => string {
  if (!resolved.includes(datePlaceholder)) return () => resolved;
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

/** Whether an index is one that the resolved template leads to, on whatever day, or the template itself. */
export function leadsTo(resolved: string, index: string): boolean {
  if (index === resolved) return true;
  const parts = resolved.split(datePlaceholder).map((part) => RegExp.escape(part));
  return parts.length > 1 && new RegExp(`^${parts.join("\\d{4}\\.\\d{2}\\.\\d{2}")}$`).test(index);
}

/** The wildcard pattern that covers every index of the template, for an index template's `index_patterns`. */
export function indexPatternOf(template: string): string {
  return template.replaceAll(datePlaceholder, "*").replaceAll(topicPlaceholder, "*");
}
