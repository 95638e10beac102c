/**
 * Placeholders of index names that fields of a JSON record fill: `logs-{kubernetes.namespace}-{yyyy.MM.dd}`. A topic gets a
 * bounded number of such indices, per day if the name is dated; what exceeds it goes to the index with `other` in its place.
 * `{kubernetes.namespace:300}` sets another bound.
 */

/** Stands for a value that is absent or no text, number or boolean, and for those beyond the bound. */
export const fallbackPart = "other";
/** The index in Elasticsearch that holds, for each topic and day, the list of names in use. */
export const listsIndex = "penstock-names";
/** Each index costs a shard or more, of which Elasticsearch allows a node 1,000 by default. */
const DEFAULT_LIMIT = 100;
const MOST_LIMIT = 1_000;
/** Bytes of a value in a name: enough for any name of Kubernetes but the longest, and short enough to be read. */
const MOST_BYTES = 100;
/** What a name must leave for each field. */
const LEAST_BYTES = 16;
/** Elasticsearch's limit (`MetadataCreateIndexService`). */
const NAME_BYTES = 255;
/** UTF-16 units of a value that are looked at. */
const LOOKED_AT = 1_000;

const placeholder = /\{([^{}]*)\}/g;
/** No comma and no quote: a commit's metadata lists the names that a topic was written to. */
const fieldForm = /^[\w@/-]+(?:\.[\w@/-]+)*(?::\d+)?$/;
/** `yyyy`, `yyyy.MM`, `YYYY-MM-DD`, `HH`. */
const dateForm = /^(?:([yuYMdDHhmswW])\1+[._/-]?)+$/;
const reserved: ReadonlySet<string> = new Set(["topic", "yyyy.MM.dd"]);

function placeholdersOf(template: string): string[] {
  return [...template.matchAll(placeholder)].flatMap(([, name = ""]) => (reserved.has(name) ? [] : [name]));
}

/** The JSON fields whose values a name contains, in order. Empty for most topics. */
export function indexFields(template: string): readonly string[] {
  return placeholdersOf(template).map((name) => name.replace(/:.*/, ""));
}

/** How many indices the fields may make, per day if the name is dated, beside the one of `fallbackPart`. */
export function indexLimit(template: string): number {
  const limits = placeholdersOf(template).flatMap((name) => (name.includes(":") ? limitIn(name) : []));
  return limits.length === 0 ? DEFAULT_LIMIT : Math.max(...limits);
}

function limitIn(name: string): number {
  return Number(name.slice(name.indexOf(":") + 1));
}

/** The same name without bounds: what has a place in an index keeps it when the bound changes. */
export function withoutLimits(template: string): string {
  return template.replace(/:\d+\}/g, "}");
}

/** The template with its fields' values. @param values as many as there are fields */
export function fillFields(template: string, values: (field: number) => string): string {
  let field = 0;
  return template.replaceAll(placeholder, (whole, name: string) =>
    reserved.has(name) ? whole : values(field++),
  );
}

/** The name for records whose values are unusable or beyond the bound. */
export function withFallback(template: string): string {
  return fillFields(template, () => fallbackPart);
}

/** An index name of the usual length: every field has the least room that a declaration must leave it. */
export function withExampleFields(template: string): string {
  return fillFields(template, () => "x".repeat(LEAST_BYTES));
}

/** The rule that the placeholders of a template break, other than those of topic and date; null if none. */
export function fieldPlaceholderFault(template: string): string | null {
  for (const name of placeholdersOf(template)) {
    if (dateForm.test(name))
      return `contains {${name}}, which looks like a date: the only one is {yyyy.MM.dd}`;
    if (!fieldForm.test(name) || name.toLowerCase() === "topic")
      return `contains {${name}}, which is neither {topic} nor {yyyy.MM.dd} nor a JSON field (names of a-z A-Z 0-9 _ - @ / with dots between)`;
    const limit = name.includes(":") ? limitIn(name) : DEFAULT_LIMIT;
    if (limit < 1 || limit > MOST_LIMIT)
      return `contains {${name}}, whose number of indices is not a whole number from 1 to ${MOST_LIMIT}`;
  }
  return null;
}

/** Bytes that each field may have in a name of this template, whose topic is known. */
export function roomForFields(template: string): number {
  const fixed = fillFields(template, () => "").replaceAll("{yyyy.MM.dd}", "2000.01.01");
  const left = NAME_BYTES - new TextEncoder().encode(fixed).length;
  return Math.min(MOST_BYTES, Math.floor(left / indexFields(template).length));
}

/**
 * The part of an index name that a field's value gives: lower case; everything but letters, digits, `.`, `_` and `-`
 * becomes `_`; none of these three at its beginning; cut at `room` bytes. What is left without a character is `other`.
 * @param raw the value as JSON text; null if absent
 */
export function indexPart(raw: string | null, room: number): string {
  const text = raw === null ? "" : scalarText(raw);
  const cleaned = text
    .slice(0, LOOKED_AT)
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}._-]/gu, "_")
    .replace(/^[._-]+/, "");
  const { read } = new TextEncoder().encodeInto(cleaned, new Uint8Array(room));
  return read === 0 ? fallbackPart : cleaned.slice(0, read);
}

/** A number keeps the digits that it was written with. Empty for null, an object or a list. */
function scalarText(raw: string): string {
  if (raw.startsWith('"')) return String(JSON.parse(raw));
  return raw === "null" || raw.startsWith("{") || raw.startsWith("[") ? "" : raw;
}

/** Names of indices that a topic has, on one day if they are dated. Never shrinks, so no decision ever changes. */
export interface TakenNames {
  readonly names: readonly string[];
  /** No other name is admitted any more. */
  readonly isFull: boolean;
}

/** Admits wanted names in their order as long as the bound allows; the fallback does not count. */
export function admitNames(
  taken: readonly string[],
  wanted: readonly string[],
  { fallback, limit }: { readonly fallback: string; readonly limit: number },
): TakenNames {
  const names = new Set(taken);
  const used = (): number => names.size - Number(names.has(fallback));
  for (const name of wanted) if (used() < limit || name === fallback) names.add(name);
  if (wanted.some((name) => !names.has(name))) names.add(fallback);
  return { names: [...names], isFull: used() >= limit };
}
