import type { ForeignIndex } from "../../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import {
  idAt,
  placeReader,
  type ForeignDocument,
  type PositionForm,
  type RecordPlace,
} from "../../lib/rules/audit/against/position.ts";

/** How the documents of a topic are found by their positions. */
export interface PositionQueries {
  /** All documents of the topic, and perhaps others, if their topic cannot be searched. */
  readonly own: object;
  /** Documents without the topic's field; null if nothing can be said of them. */
  readonly homeless: object | null;
  /** The documents of these offsets. */
  stretch(partition: number, offsets: readonly number[]): object;
  /** The documents at offsets from `from` to below `to`; null if they can only be found one by one. */
  range(partition: number, from: number | null, to: number | null): object | null;
  /** The fields that hold positions. */
  readonly fields: readonly string[];
}

const NUMBERS = new Set([
  "long",
  "integer",
  "short",
  "byte",
  "unsigned_long",
  "double",
  "float",
  "half_float",
  "scaled_float",
]);
const EXAMPLES = 5;
const EVERYTHING = { match_all: {} };

/**
 * Finds out how a mapping lets positions be searched: numbers by range; keywords, and text with or without a `keyword`, by
 * term. Tries it with documents of the sample.
 * @returns null if the fields are in the documents, but not searchable (`dynamic: false`, `index: false`, `enabled: false`)
 */
export async function positionQueries(
  form: PositionForm,
  topic: string,
  sample: readonly ForeignDocument[],
  index: Pick<ForeignIndex, "count" | "types">,
): Promise<PositionQueries | null> {
  if (form.kind === "id") {
    return {
      own: EVERYTHING,
      homeless: null,
      stretch: (partition, offsets) => ({
        ids: { values: offsets.map((offset) => idAt(form.pattern, topic, partition, offset)) },
      }),
      range: () => null,
      fields: [],
    };
  }
  const placeOf = placeReader(form);
  /** One document of each index: they may be mapped differently. */
  const examples = [
    ...new Map(
      sample.flatMap((document) => {
        const place = placeOf(document);
        return place === null ? [] : [[document.index, { id: document.id, place }] as const];
      }),
    ).values(),
  ].slice(0, EXAMPLES);
  const isSearchable = async (field: string, valueOf: (place: RecordPlace) => string): Promise<boolean> => {
    for (const { id, place } of examples) {
      const found = await index.count(all(either(field, "term", valueOf(place)), { ids: { values: [id] } }));
      if (found === 0) return false;
    }
    return examples.length > 0;
  };
  if (!(await isSearchable(form.partition, ({ partition }) => String(partition)))) return null;
  if (!(await isSearchable(form.offset, ({ offset }) => String(offset)))) return null;
  const topicField =
    form.topic !== null && (await isSearchable(form.topic, (place) => place.topic ?? "")) ? form.topic : null;
  const ofTopic = topicField === null ? EVERYTHING : either(topicField, "term", topic);
  const types = (await index.types([form.offset])).get(form.offset) ?? [];
  const isNumber = types.length > 0 && types.every((type) => NUMBERS.has(type));
  const of = (partition: number, offsets: object): object =>
    all(ofTopic, either(form.partition, "term", String(partition)), offsets);
  return {
    own: ofTopic,
    homeless: topicField === null ? null : { bool: { must_not: [{ exists: { field: topicField } }] } },
    stretch: (partition, offsets) => of(partition, either(form.offset, "terms", offsets.map(String))),
    range: (partition, from, to) =>
      isNumber
        ? of(partition, {
            range: { [form.offset]: { ...(from !== null && { gte: from }), ...(to !== null && { lt: to }) } },
          })
        : null,
    fields: [form.partition, form.offset, ...(form.topic === null ? [] : [form.topic])],
  };
}

/** By the field, or by the keyword beside a text, which is how Elasticsearch maps new fields with text. */
function either(field: string, kind: "term" | "terms", value: string | readonly string[]): object {
  const should = [field, `${field}.keyword`].map((name) => ({ [kind]: { [name]: value } }));
  return { bool: { should, minimum_should_match: 1 } };
}

function all(...filter: readonly object[]): object {
  return { bool: { filter } };
}
