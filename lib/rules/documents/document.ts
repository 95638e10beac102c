import type { Specification } from "../model/declaration.ts";
import { createContentReader, type DocumentForm } from "./content.ts";
import { dataStreamMember } from "../json/data-stream-member.ts";
import { documentId } from "./document-id.ts";
import { isDocumentTime } from "../time/event-time.ts";
import { kafkaFields, kafkaStart } from "./kafka-fields.ts";
import { mixedFields } from "../template/mixed-fields.ts";
import { originOf } from "../model/origin.ts";
import { createRecordIndex, everyIndex, type IndexChoice } from "../model/record-index.ts";
import { isDated } from "../model/names.ts";
import type { Rejection, SourceRecord } from "../model/record.ts";

/** A record as sent to Elasticsearch. */
export interface EncodedDocument {
  readonly kind: "document";
  readonly id: string;
  /** The concrete index, alias or data stream. */
  readonly index: string;
  /** The source, on one line. */
  readonly json: string;
  /** For form `settled`: the dynamic template to map each field by. */
  readonly templates?: ReadonlyMap<string, string>;
}

export type Encoding =
  | EncodedDocument
  /** A tombstone, with nothing to index. */
  | { readonly kind: "skipped" }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

export type { DocumentForm } from "./content.ts";

/**
 * Encodes records of one topic as documents with ECS field names. The same record always gives the same document, on every
 * retry and every host.
 * @param form with `own` too, records with too many names, and those of a data stream that Elasticsearch's parser cannot
 *   read, are flattened if the specification allows it
 * @param choice admits the indices that fields choose
 * @returns an encoder that also takes the field for which the index rejected the previous form; null if unknown
 */
export function createDocumentEncoder(
  spec: Specification,
  form: DocumentForm = "own",
  choice: IndexChoice = everyIndex,
): (record: SourceRecord, refused?: string | null) => Encoding {
  const indexFor = createRecordIndex(spec.index, choice);
  const topicMember = kafkaStart(spec.topic);
  const streamMember = dataStreamMember(spec);
  const asOwn = form === "own" || form === "settled";
  const contentOf = createContentReader(spec, form === "settled" ? "own" : form);

  return (record, refused = null) => {
    if (record.value === null) return { kind: "skipped" };
    const content = contentOf(record.value, record.timestamp, originOf(record.headers));
    if (content.unreadable !== null)
      return rejected("unreadable_json", `Elasticsearch cannot read it: ${content.unreadable}`, spec.index);
    const standIn = content.timestampMs === -1 ? record.standIn : undefined;
    const timestampMs = standIn?.readAtMs ?? content.timestampMs;
    if (!isDocumentTime(timestampMs)) return rejected(invalidTime, outOfRange(timestampMs), spec.index);
    const dayMs = standIn === undefined || !isDated(spec.index) ? timestampMs : standIn.nearestMs;
    if (dayMs === null) return rejected(invalidTime, dayUnknown, spec.index);

    const kafka = kafkaFields(record);
    // Concatenates strings: at hundreds of thousands of records a second, lists would cost most.
    const time = new Date(timestampMs).toISOString();
    let json = `{"@timestamp":"${time}",${streamMember}${content.members}${topicMember}${kafka.json}${content.kafkaMembers}`;
    if (refused !== null && content.isFlattened)
      json += `,"refused":${JSON.stringify(refused.toWellFormed())}`;
    if (content.faithful) json += "}";
    // The first document with `event` adds it to the mapping, but a full index accepts no new field.
    else if (!asOwn) json += `,"value_base64":"${record.value.toString("base64")}"}`;
    else json += `},"event":{"original":"${record.value.toString("base64")}"}`;
    const tags = [...content.tags];
    if (standIn !== undefined) tags.push("timestamp_missing");
    if (!content.faithful || !kafka.faithful) tags.push("invalid_utf8");
    if (content.ownTags !== null || tags.length > 0) {
      json += `,"tags":${JSON.stringify([...(content.ownTags ?? []), ...tags])}`;
    }
    json += "}";
    return {
      kind: "document",
      id: documentId(spec.topic, record),
      index: indexFor(dayMs, content.indexValues),
      json,
      ...(form === "settled" && { templates: mixedFields(JSON.parse(json)) }),
    };
  };
}

const invalidTime = "invalid_timestamp";
const dayUnknown =
  "it has no timestamp, and no earlier one in its partition is known to choose the day of its index";

function outOfRange(timestampMs: number): string {
  return `the timestamp ${timestampMs} is not within 0…253402300799999 milliseconds`;
}

function rejected(type: string, reason: string, index: string): Encoding {
  return { kind: "rejected", rejection: { status: 400, type, reason, index } };
}
