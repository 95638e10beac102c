import { type Specification, timestampFields } from "../model/declaration.ts";
import { type EventTime, eventTimeOf } from "../time/event-time.ts";
import { flattenedFields, isWide, mayBeWide } from "../json/flattened-json.ts";
import { hostMember, ownFields } from "../json/json-document.ts";
import { decodeUtf8 } from "../base/utf8-text.ts";
import { unwrapContainer } from "./container.ts";
import { createLevelFinder } from "./level.ts";
import { noValues } from "../model/record-index.ts";
import { indexFields } from "../model/index-fields.ts";
import { type JsonMember, rawFieldAt } from "../json/json-members.ts";
import { logMember } from "../json/log-object.ts";
import { messageOf } from "./message.ts";
import type { Origin } from "../model/origin.ts";
import { MovedFields } from "../json/moved-fields.ts";
import { parserLimit } from "../json/parser-limits.ts";
import { readRecordObject } from "./record-object.ts";

/**
 * The form of a record's fields in its document. Each form is for records that the index rejected in the previous one.
 *
 * - `own`: unchanged, next to ours.
 * - `settled`: unchanged, with explicit dynamic templates for fields whose values have several types in this record.
 * - `flattened`: all in one field, `kafka.value`. For a text record the same as `text`.
 * - `text`: no fields; the whole text of the record is the message. Even a strict foreign mapping is likely to accept it.
 */
export type DocumentForm = "own" | "settled" | "flattened" | "text";

/** The part of a document that depends on its record's value. */
export interface Content {
  readonly timestampMs: number;
  /** The values of the fields in the index's name, as JSON text: the same in every form. */
  readonly indexValues: readonly (string | null)[];
  /** Members of the document, as raw JSON, each with a trailing comma. */
  readonly members: string;
  /** Members of its `kafka`, each with a leading comma. */
  readonly kafkaMembers: string;
  /** The record's own tags; null if it has none. */
  readonly ownTags: readonly string[] | null;
  /** Our tags about how the record was read. */
  readonly tags: readonly string[];
  /** True if its own fields are in `kafka.value`. */
  readonly isFlattened: boolean;
  /** Why Elasticsearch cannot read these members; null if it can, or if that does no harm to others. */
  readonly unreadable: string | null;
  /** False if the original bytes must be kept too. */
  readonly faithful: boolean;
}

/** Makes a reader of record values. It is deterministic: the same value and time always give the same content. */
export function createContentReader(
  spec: Specification,
  form: Exclude<DocumentForm, "settled">,
): (value: Buffer, recordTimestampMs: number, origin: Origin) => Content {
  const timeFields = timestampFields(spec);
  const named = indexFields(spec.index);
  const levels = createLevelFinder();

  return (value, recordTimestampMs, origin) => {
    const { text, faithful } = decodeUtf8(value);
    const content =
      spec.format === "json"
        ? jsonContent(text, value, recordTimestampMs, faithful, origin)
        : textContent(text, value, recordTimestampMs, [], origin);
    return { ...content, faithful: faithful && content.faithful };
  };

  /** What the headers say is in `kafka.headers` too, so it gives way in the last form. A path that they contradict does too. */
  function plainLog(origin: Origin): string {
    return logMember({ path: origin.path === null ? spec.path : null, level: null });
  }

  function textContent(
    text: string,
    value: Buffer,
    timestampMs: number,
    tags: readonly string[],
    origin: Origin,
  ): Content {
    const hasReturn = text.endsWith("\r");
    const line = hasReturn ? text.slice(0, -1) : text;
    const isLess = form !== "own";
    const added = (): string => {
      const level = levels.ofText(hasReturn ? value.subarray(0, -1) : value);
      return logMember({ path: origin.path ?? spec.path, level }) + hostMember(origin.host);
    };
    return {
      ...plain,
      timestampMs,
      members: `"message":${JSON.stringify(line)},${isLess ? plainLog(origin) : added()}`,
      tags: [
        ...tags,
        ...(hasReturn ? ["carriage_return_removed"] : []),
        ...(isLess ? ["fields_as_text"] : []),
      ],
    };
  }

  function jsonContent(
    text: string,
    value: Buffer,
    recordTimestampMs: number,
    decoded: boolean,
    origin: Origin,
  ): Content {
    const moved = new MovedFields();
    const read = readRecordObject(text, moved);
    const unwrapped = read === null ? null : unwrapContainer(read, moved);
    const time: EventTime =
      unwrapped === null
        ? { kind: "absent" }
        : eventTimeOf(unwrapped.record.members, unwrapped.record.object, timeFields, recordTimestampMs);
    const tags = timeFields.length > 0 ? timeTags(time) : [];
    if (unwrapped === null)
      return textContent(text, value, recordTimestampMs, ["json_parse_failure", ...tags], origin);

    const timestampMs = time.kind === "read" ? time.timestampMs : recordTimestampMs;
    const indexValues = named.map((field) => rawFieldAt(unwrapped.record.members, field));
    if (form === "text") {
      const members = `"message":${JSON.stringify(text)},${plainLog(origin)}`;
      return { ...plain, timestampMs, indexValues, members, tags: [...tags, "fields_as_text"] };
    }
    const { record, line } = unwrapped;
    const path = origin.path ?? spec.path;
    const level = levels.ofRecord(record, line);
    const message = messageOf(record, spec.message, line, moved);
    const lead = message.added === null ? "" : `"message":${message.added},`;
    if (time.kind === "read" && time.field === "@timestamp") record.members.delete("@timestamp");
    if (record.doubled) tags.push("json_name_doubled");
    if (record.replaced) tags.push("json_name_replaced");
    const faithful = decoded && !record.mended;
    const renamed = unwrapped.renamed || message.renamed;
    const common = { timestampMs, indexValues, faithful: !record.mended };

    // The colons within a container's text may be escaped, so `mayBeWide` cannot count them.
    const mayFlatten = spec.rejected === "flatten" && (line?.merged === true || mayBeWide(value));
    const unreadable = form === "own" ? unreadableIn(record.members, moved) : null;
    const flattensIt = spec.rejected === "flatten" && unreadable !== null;
    if (form === "flattened" || flattensIt || (mayFlatten && isWide(record.object))) {
      const flattened = flattenedFields(record.members, record.object, moved);
      if (renamed) tags.push("json_field_renamed");
      return {
        ...common,
        members: `${lead}${flattened.members}${logMember({ path, level })}${hostMember(origin.host)}`,
        kafkaMembers: `,"value":${flattened.value}${flattened.words === null ? "" : `,"words":${flattened.words}`}`,
        ownTags: flattened.tags,
        tags: [...tags, "fields_flattened"],
        isFlattened: true,
        unreadable: null,
      };
    }
    const own = ownFields(record.members, record.object, moved, {
      path,
      level,
      host: origin.host,
      reserveEvent: !faithful,
      reserveDataStream: spec.dataStream !== null,
    });
    if (renamed || own.renamed) tags.push("json_field_renamed");
    return {
      ...plain,
      ...common,
      members: `${lead}${own.members}`,
      ownTags: own.tags,
      tags,
      unreadable,
    };
  }

  /**
   * For data streams only. To keep a refused document in the failure store, Elasticsearch reads it again; if its parser
   * cannot, it never answers the bulk request, and all of its records wait for ever (seen on 9.2.0).
   */
  function unreadableIn(members: ReadonlyMap<string, JsonMember>, moved: MovedFields): string | null {
    if (spec.dataStream === null) return null;
    return parserLimit([...[...members.values()].map(({ rawValue }) => rawValue), ...moved.rawValues]);
  }
}

/** The tag if no declared field gave a time. */
function timeTags({ kind }: EventTime): string[] {
  if (kind === "read") return [];
  return [kind === "absent" ? "timestamp_absent" : "timestamp_parse_failure"];
}

const plain = {
  indexValues: noValues,
  kafkaMembers: "",
  ownTags: null,
  isFlattened: false,
  unreadable: null,
  faithful: true,
} as const;
