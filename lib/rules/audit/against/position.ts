import { usage } from "../../base/errors.ts";
import { isObject } from "../../json/object.ts";
import { type Leaves, leavesOf } from "./leaves.ts";

/** A document of an index that another tool filled. */
export interface ForeignDocument {
  readonly id: string;
  /** The concrete index. */
  readonly index: string;
  /** Empty without a `_source`. */
  readonly leaves: Leaves;
}

/** Where a document says which record it comes from. */
export type PositionForm =
  /** In fields; `topic` is null if no field names it. */
  | {
      readonly kind: "fields";
      readonly topic: string | null;
      readonly partition: string;
      readonly offset: string;
    }
  /** In `_id`, for example `{topic}+{partition}+{offset}`. */
  | { readonly kind: "id"; readonly pattern: string };

/** A record's place. */
export interface RecordPlace {
  /** Null if the form does not tell. */
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
}

/** @returns the document's place, or null if it has none in this form */
export type PlaceOf = (document: ForeignDocument) => RecordPlace | null;

const WHOLE = /^\d{1,16}$/;

/**
 * Parses the value of `--position`: `PARTITION,OFFSET[,TOPIC]`, names of fields, or a pattern of `_id` with `{partition}`
 * and `{offset}`, and perhaps `{topic}`. `none` is null: compare contents.
 * @throws PenstockError `usage`
 */
export function parsePositionForm(text: string): PositionForm | null {
  if (text === "none") return null;
  if (text.includes("{")) {
    const holders = [...text.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name).sort();
    const joined = holders.join(",");
    if (joined === "offset,partition" || joined === "offset,partition,topic")
      return { kind: "id", pattern: text };
    throw usage(
      `--position is "${text}": a pattern of ids needs {partition} and {offset} once each, and may have {topic}`,
    );
  }
  const [partition = "", offset = "", topic = null, more] = text.split(",");
  if (partition !== "" && offset !== "" && topic !== "" && more === undefined)
    return { kind: "fields", topic, partition, offset };
  throw usage(
    `--position is "${text}": it must be PARTITION,OFFSET or PARTITION,OFFSET,TOPIC (names of fields), a pattern of ids such as "{topic}+{partition}+{offset}", or "none"`,
  );
}

/** Reads places in this form. */
export function placeReader(form: PositionForm): PlaceOf {
  if (form.kind === "fields") {
    return ({ leaves }) => {
      const [partition = "", offset = ""] = [leaves.get(form.partition), leaves.get(form.offset)];
      if (!WHOLE.test(partition) || !WHOLE.test(offset)) return null;
      const topic = form.topic === null ? null : (leaves.get(form.topic) ?? null);
      return { topic, partition: Number(partition), offset: Number(offset) };
    };
  }
  const holders = [...form.pattern.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const source = form.pattern
    .split(/\{\w+\}/)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
    .reduce(
      (all, text, at) => `${all}${holders[at - 1] === "topic" ? "(.+)" : String.raw`(\d{1,16})`}${text}`,
    );
  const pattern = new RegExp(`^${source}$`);
  return ({ id }) => {
    const match = pattern.exec(id);
    if (match === null) return null;
    const part = (name: string): string | null => match[holders.indexOf(name) + 1] ?? null;
    const topic = holders.includes("topic") ? part("topic") : null;
    return { topic, partition: Number(part("partition")), offset: Number(part("offset")) };
  };
}

/** The `_id` of a record's document. */
export function idAt(pattern: string, topic: string, partition: number, offset: number): string {
  return pattern
    .replace("{topic}", () => topic)
    .replace("{partition}", String(partition))
    .replace("{offset}", String(offset));
}

/** Names of fields with the offset, by which the others are found: `kafka.offset`, `offset`, `kafka_offset`, `kafkaOffset`. */
const OFFSET_NAME = /(^|[._])([oO]ffset)$|([a-z])(Offset)$/;
/**
 * Ids with a position, in the order in which they are tried. Kafka Connect's sink writes the first (`DataConverter.java`:
 * `String.format("%s+%d+%d", topic, partition, offset)`, if `key.ignore` is true). Penstock's ids hold a timestamp too, so
 * its documents are found by their fields. The others are usual where a user composes the id himself (Logstash's
 * `document_id`, Redpanda Connect's `id`).
 */
const ID_PATTERNS = ["+", "-", ":", "_", ".", "/", "|"].flatMap((between) => [
  ["{topic}", "{partition}", "{offset}"].join(between),
  ["{partition}", "{offset}"].join(between),
  ["{offset}", "{partition}"].join(between),
]);

export interface FoundForm {
  readonly form: PositionForm;
  /** How many documents of the sample have a place in the topic, and how many name another topic. */
  readonly placed: number;
  readonly elsewhere: number;
  readonly sample: number;
}

/**
 * Finds the form in which most of the sample's documents tell a place that exists in the topic. These are the fields
 * (sources of the tools, each at its main branch):
 *
 * - Filebeat's kafka input, and Penstock: `kafka.topic`, `kafka.partition`, `kafka.offset` (filebeat/input/kafka/input.go,
 *   `composeEventMetadata`);
 * - Logstash: `[@metadata][kafka][…]` with `decorate_events`, which is no part of the document: users copy it into fields of
 *   their own, as text if by `add_field` (lib/logstash/inputs/kafka.rb, `maybe_set_metadata`);
 * - Vector: `topic`, `partition`, `offset` (src/sources/kafka.rs, `default_topic_key` and so on);
 * - Fluent Bit: `topic`, `partition`, `offset` beside `key` and `payload` (plugins/in_kafka/in_kafka.c, `process_message`).
 *
 * rsyslog's imkafka passes on neither partition nor offset.
 * @param ends the end of each partition's log
 * @returns null if no form fits at least half of the documents that name no other topic
 */
export function findPositionForm(
  topic: string,
  ends: ReadonlyMap<number, number>,
  sample: readonly ForeignDocument[],
): FoundForm | null {
  const forms: PositionForm[] = [];
  const offsetNames = new Set(
    sample.flatMap(({ leaves }) => [...leaves.keys()].filter((name) => OFFSET_NAME.test(name))),
  );
  for (const offset of [...offsetNames].sort((a, b) => rank(a) - rank(b))) {
    const named = (name: string): string =>
      offset.replace(/[oO]ffset$/, (word) =>
        word === "Offset" ? `${name[0]?.toUpperCase()}${name.slice(1)}` : name,
      );
    const [partition, topicField] = [named("partition"), named("topic")];
    if (!sample.some(({ leaves }) => leaves.has(partition))) continue;
    const hasTopic = sample.some(({ leaves }) => leaves.has(topicField));
    forms.push({ kind: "fields", topic: hasTopic ? topicField : null, partition, offset });
  }
  forms.push(...ID_PATTERNS.map((pattern): PositionForm => ({ kind: "id", pattern })));
  let best: FoundForm | null = null;
  for (const form of forms) {
    const found = { form, ...countPlaced(form, topic, ends, sample), sample: sample.length };
    if (found.placed > (best?.placed ?? 0)) best = found;
  }
  return best !== null && best.placed * 2 >= best.sample - best.elsewhere ? best : null;
}

export function countPlaced(
  form: PositionForm,
  topic: string,
  ends: ReadonlyMap<number, number>,
  sample: readonly ForeignDocument[],
): { readonly placed: number; readonly elsewhere: number } {
  const placeOf = placeReader(form);
  let [placed, elsewhere] = [0, 0];
  for (const document of sample) {
    const place = placeOf(document);
    if (place === null) continue;
    if (place.topic !== null && place.topic !== topic) elsewhere += 1;
    else if (place.offset < (ends.get(place.partition) ?? 0)) placed += 1;
  }
  return { placed, elsewhere };
}

/** `log.offset` is a place in a file: names with `kafka` come first. */
function rank(name: string): number {
  return /kafka/i.test(name) ? 0 : 1;
}

/** For example `by the fields kafka.partition and kafka.offset`. */
export function formText(form: PositionForm): string {
  return form.kind === "id"
    ? `by ids of the form ${form.pattern}`
    : `by the fields ${form.partition} and ${form.offset}`;
}

/** A hit of a search, reduced to what is compared. */
export function foreignDocument(id: string, index: string, source: unknown): ForeignDocument {
  return { id, index, leaves: isObject(source) ? leavesOf(source) : new Map() };
}
