import { datePlaceholder, isIndexName, ownNames, resolveIndex } from "./names.ts";

/** The rules of Elasticsearch and ECS for data streams that a declaration names (`dataStream`, `retention`). */

/**
 * UTF-8 bytes of a stream's name. Elasticsearch allows an index name 255 bytes, and the first backing index is called
 * `.ds-<name>-2026.11.30-000001`, so it refuses to create the index of a longer stream (seen on 9.2.0).
 */
const longestName = 255 - ".ds--2026.11.30-000001".length;

const dateRule = `contains ${datePlaceholder}, but a data stream begins new indices by itself: leave the date out`;
const placeholderRule = "contains a placeholder other than {topic}";
const nameRule =
  'is not the name of an Elasticsearch data stream (lower case, no \\ / * ? " < > | , # : or white space, ' +
  `not starting with - _ + or ., at most ${longestName} bytes)`;
const ownNameRule = "is a name that Penstock uses itself: declare another one";
/** Said of a topic whose name makes that of its data stream invalid, or of the result. */
export const dataStreamNeededRule =
  "cannot be used as the name of an Elasticsearch data stream (lower case, not starting with - _ + or ., " +
  `at most ${longestName} bytes): declare another dataStream`;

/** `MetadataCreateDataStreamService.CreateDataStreamTransportAction.validate`: as for an index; `.ds-` begins with a dot. */
export function isDataStreamName(name: string): boolean {
  return isIndexName(name) && !ownNames.has(name) && new TextEncoder().encode(name).length <= longestName;
}

/** The rule that a `dataStream` breaks, or null. The value of `{topic}` is checked once the topic is known. */
export function dataStreamFault(template: string): string | null {
  if (template.includes(datePlaceholder)) return dateRule;
  const example = resolveIndex(template, "t");
  if (ownNames.has(example)) return ownNameRule;
  if (/[{}]/.test(example)) return placeholderRule;
  return isDataStreamName(example) ? null : nameRule;
}

/** The fields `data_stream.*` of ECS. */
export interface DataStreamParts {
  readonly type: string;
  readonly dataset: string;
  readonly namespace: string;
}

/** ECS, `data_stream.type`: the values that it allows, and those that it announces. */
const types: ReadonlySet<string> = new Set(["logs", "metrics", "traces", "synthetics"]);
const longestPart = 100;

/**
 * The parts of a stream named by Elastic's scheme `<type>-<dataset>-<namespace>`. ECS allows no `-` in dataset and
 * namespace, and at most 100 characters in each.
 * @returns null for any other name
 */
export function dataStreamParts(name: string): DataStreamParts | null {
  const [type = "", dataset = "", namespace = "", ...rest] = name.split("-");
  const fits = [dataset, namespace].every((part) => part !== "" && part.length <= longestPart);
  return types.has(type) && fits && rest.length === 0 ? { type, dataset, namespace } : null;
}

const msPerUnit: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** At least 1 s; nine digits of days would overflow in Elasticsearch, six do not. */
export const retentionPattern = /^([1-9]\d{0,5})(d|h|m|s)$/;
export const retentionRule =
  "is not a retention (a whole number from 1 to 999999 and d, h, m or s, such as 30d)";

/** @returns milliseconds; null if the text is no retention */
export function retentionMs(text: string): number | null {
  const [, amount, unit = ""] = retentionPattern.exec(text) ?? [];
  const factor = msPerUnit[unit];
  return amount === undefined || factor === undefined ? null : Number(amount) * factor;
}
