import { type Specification, timestampFields } from "./declaration.ts";
import { documentId } from "./document-id.ts";
import { type EventTime, eventTimeOf, isDocumentTime } from "./event-time.ts";
import { flattenedFields, isWide } from "./flattened-json.ts";
import { isObject, logMember, ownFields } from "./json-document.ts";
import { kafkaFields, kafkaStart } from "./kafka-fields.ts";
import { createIndexNamer } from "./names.ts";
import type { Rejection, SourceRecord } from "./record.ts";
import { decodeUtf8, withoutHalfPairs } from "./utf8-text.ts";

/** A record as Elasticsearch will get it. */
export interface EncodedDocument {
  readonly kind: "document";
  readonly id: string;
  /** The concrete index, alias or data stream. */
  readonly index: string;
  /** The source, on one line. */
  readonly json: string;
}

export type Encoding =
  | EncodedDocument
  /** A tombstone: there is nothing to index. */
  | { readonly kind: "skipped" }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/**
 * How a record's fields stand in its document. The later ones are for records that their index refused in the form before.
 *
 * - `own`: as they are, beside ours.
 * - `flattened`: as one field, `kafka.value`.
 * - `text`: not at all, the record's whole text is the message. No field of ours is in it that an index could lack.
 */
export type DocumentForm = "own" | "flattened" | "text";

/** What of a document depends on how its value is read. */
interface Content {
  readonly timestampMs: number;
  /** Members of the document, as raw JSON, each with a comma after it. */
  readonly members: string;
  /** The record's own; null: it has none. */
  readonly ownTags: readonly string[] | null;
  /** What there is to say about how the record was read. */
  readonly tags: readonly string[];
  /** The own fields as one, `kafka.value`, a JSON object; null: they stand in the document. */
  readonly kafkaValue: string | null;
  /** True: half surrogate pairs in it were replaced. */
  readonly mended: boolean;
}

/**
 * Makes records of one topic into documents with ECS field names. The same record always gives the same document, on
 * every retry and every host.
 * @param form `own` is flattened too where a record has too many names by itself and the specification says so
 * @returns takes a record, and the field for which its index refused it in the form before; null: none is known
 */
export function createDocumentEncoder(
  spec: Specification,
  form: DocumentForm = "own",
): (record: SourceRecord, refused?: string | null) => Encoding {
  const indexFor = createIndexNamer(spec.index);
  const topicMember = kafkaStart(spec.topic);
  const log = spec.path === null ? "" : `${logMember(spec.path)},`;
  const timeFields = timestampFields(spec);

  return (record, refused = null) => {
    if (record.value === null) return { kind: "skipped" };
    const decoded = decodeUtf8(record.value);
    const { text } = decoded;
    const content =
      spec.format === "json"
        ? jsonContent(text, decoded.faithful, record.timestamp)
        : textContent(text, record.timestamp, form === "text" ? ["fields_as_text"] : []);
    if (!isDocumentTime(content.timestampMs)) return rejected(content.timestampMs, spec.index);

    const faithful = decoded.faithful && !content.mended;
    const kafka = kafkaFields(record);
    // Strings are put together piece by piece: at hundreds of thousands of records a second, lists would cost most.
    const time = new Date(content.timestampMs).toISOString();
    let json = `{"@timestamp":"${time}",${content.members}${topicMember}${kafka.json}`;
    if (content.kafkaValue !== null) json += `,"value":${content.kafkaValue}`;
    if (refused !== null && form === "flattened")
      json += `,"refused":${JSON.stringify(refused.toWellFormed())}`;
    if (faithful) json += "}";
    // `event` is mapped with the first document that has it, and an index that is full takes no new field.
    else if (form !== "own") json += `,"value_base64":"${record.value.toString("base64")}"}`;
    else json += `},"event":{"original":"${record.value.toString("base64")}"}`;
    const tags = faithful && kafka.faithful ? content.tags : [...content.tags, "invalid_utf8"];
    if (content.ownTags !== null || tags.length > 0) {
      json += `,"tags":${JSON.stringify([...(content.ownTags ?? []), ...tags])}`;
    }
    return {
      kind: "document",
      id: documentId(spec.topic, record),
      index: indexFor(content.timestampMs),
      json: `${json}}`,
    };
  };

  function textContent(text: string, timestampMs: number, tags: readonly string[]): Content {
    return {
      timestampMs,
      members: `"message":${JSON.stringify(text)},${log}`,
      ownTags: null,
      tags,
      kafkaValue: null,
      mended: false,
    };
  }

  function jsonContent(text: string, decoded: boolean, recordTimestampMs: number): Content {
    const whole = withoutHalfPairs(text);
    const mended = whole !== text;
    const object = parseObject(whole);
    const time: EventTime =
      object === null ? { kind: "absent" } : eventTimeOf(whole, object, timeFields, recordTimestampMs);
    const tags = timeFields.length > 0 ? timeTags(time) : [];
    if (object === null) return textContent(text, recordTimestampMs, ["json_parse_failure", ...tags]);

    const timestampMs = time.kind === "read" ? time.timestampMs : recordTimestampMs;
    if (form === "text") {
      return { ...textContent(text, timestampMs, [...tags, "fields_as_text"]), mended };
    }
    // Line breaks can stand only between tokens in valid JSON; in a bulk body they would end the document.
    const line = whole.replace(/[\r\n]/g, " ");
    const dropTimestamp = time.kind === "read" && time.field === "@timestamp";
    if (form === "flattened" || (spec.rejected === "flatten" && isWide(object))) {
      const flattened = flattenedFields(line, object, { dropTimestamp });
      return {
        timestampMs,
        members: `${flattened.members.map((member) => `${member},`).join("")}${log}`,
        ownTags: flattened.tags,
        tags: [...tags, "fields_flattened"],
        kafkaValue: flattened.value,
        mended,
      };
    }
    const own = ownFields(line, object, { path: spec.path, reserveEvent: !decoded || mended, dropTimestamp });
    if (own.renamed) tags.push("json_field_renamed");
    return {
      timestampMs,
      members: own.members.map((member) => `${member},`).join(""),
      ownTags: own.tags,
      tags,
      kafkaValue: null,
      mended,
    };
  }
}

/** What there is to say where declared fields gave no time. */
function timeTags({ kind }: EventTime): string[] {
  if (kind === "read") return [];
  return [kind === "absent" ? "timestamp_absent" : "timestamp_parse_failure"];
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // Not JSON is an ordinary answer here: the text itself becomes the message.
    return null;
  }
}

function rejected(timestampMs: number, index: string): Encoding {
  const reason = `the timestamp ${timestampMs} is not within 0…253402300799999 milliseconds`;
  return { kind: "rejected", rejection: { status: 400, type: "invalid_timestamp", reason, index } };
}
