import { type Specification, timestampFields } from "../model/declaration.ts";
import { type EventTime, eventTimeOf } from "../time/event-time.ts";
import { flattenedFields, isWide, mayBeWide } from "../json/flattened-json.ts";
import { ownFields } from "../json/json-document.ts";
import { decodeUtf8 } from "../base/utf8-text.ts";
import { unwrapContainer } from "./container.ts";
import { createLevelFinder } from "./level.ts";
import { logMember } from "../json/log-object.ts";
import { messageOf } from "./message.ts";
import { MovedFields } from "../json/moved-fields.ts";
import { readRecordObject } from "./record-object.ts";

/**
 * How a record's fields stand in its document. The later ones are for records that their index refused in the form before.
 *
 * - `own`: as they are, beside ours.
 * - `settled`: as they are, and Elasticsearch is told what those fields are that are of several kinds in this very record.
 * - `flattened`: as one field, `kafka.value`. Of a record that is text: as `text`.
 * - `text`: not at all, the record's whole text is the message. Nothing is in it that a strict mapping of somebody else's is
 *   likely to lack.
 */
export type DocumentForm = "own" | "settled" | "flattened" | "text";

/** What of a document depends on its record's value. */
export interface Content {
  readonly timestampMs: number;
  /** Members of the document, as raw JSON, each with a comma after it. */
  readonly members: string;
  /** Members of its `kafka`, each with a comma before it. */
  readonly kafkaMembers: string;
  /** The record's own; null: it has none. */
  readonly ownTags: readonly string[] | null;
  /** What there is to say about how the record was read. */
  readonly tags: readonly string[];
  /** True: the own fields stand as one, `kafka.value`. */
  readonly isFlattened: boolean;
  /** False: the bytes have to be kept beside it. */
  readonly faithful: boolean;
}

/** Says what a document holds of its record's value: the same value and time always give the same. */
export function createContentReader(
  spec: Specification,
  form: Exclude<DocumentForm, "settled">,
): (value: Buffer, recordTimestampMs: number) => Content {
  const { path } = spec;
  const timeFields = timestampFields(spec);
  const levels = createLevelFinder();

  return (value, recordTimestampMs) => {
    const { text, faithful } = decodeUtf8(value);
    const content =
      spec.format === "json"
        ? jsonContent(text, value, recordTimestampMs, faithful)
        : textContent(text, value, recordTimestampMs, []);
    return { ...content, faithful: faithful && content.faithful };
  };

  function textContent(text: string, value: Buffer, timestampMs: number, tags: readonly string[]): Content {
    const hasReturn = text.endsWith("\r");
    const line = hasReturn ? text.slice(0, -1) : text;
    const isLess = form !== "own";
    const level = isLess ? null : levels.ofText(hasReturn ? value.subarray(0, -1) : value);
    return {
      ...plain,
      timestampMs,
      members: `"message":${JSON.stringify(line)},${logMember({ path, level })}`,
      tags: [
        ...tags,
        ...(hasReturn ? ["carriage_return_removed"] : []),
        ...(isLess ? ["fields_as_text"] : []),
      ],
    };
  }

  function jsonContent(text: string, value: Buffer, recordTimestampMs: number, decoded: boolean): Content {
    const moved = new MovedFields();
    const read = readRecordObject(text, moved);
    const unwrapped = read === null ? null : unwrapContainer(read, moved);
    const time: EventTime =
      unwrapped === null
        ? { kind: "absent" }
        : eventTimeOf(unwrapped.record.members, unwrapped.record.object, timeFields, recordTimestampMs);
    const tags = timeFields.length > 0 ? timeTags(time) : [];
    if (unwrapped === null)
      return textContent(text, value, recordTimestampMs, ["json_parse_failure", ...tags]);

    const timestampMs = time.kind === "read" ? time.timestampMs : recordTimestampMs;
    if (form === "text") {
      const members = `"message":${JSON.stringify(text)},${logMember({ path, level: null })}`;
      return { ...plain, timestampMs, members, tags: [...tags, "fields_as_text"] };
    }
    const { record, line } = unwrapped;
    const level = levels.ofRecord(record, line);
    const message = messageOf(record, spec.message, line, moved);
    const lead = message.added === null ? "" : `"message":${message.added},`;
    if (time.kind === "read" && time.field === "@timestamp") record.members.delete("@timestamp");
    if (record.doubled) tags.push("json_name_doubled");
    if (record.replaced) tags.push("json_name_replaced");
    const faithful = decoded && !record.mended;
    const renamed = unwrapped.renamed || message.renamed;
    const common = { timestampMs, faithful: !record.mended };

    // What was within a container's text may have its colons escaped.
    const mayFlatten = spec.rejected === "flatten" && (line?.merged === true || mayBeWide(value));
    if (form === "flattened" || (mayFlatten && isWide(record.object))) {
      const flattened = flattenedFields(record.members, record.object, moved);
      if (renamed) tags.push("json_field_renamed");
      return {
        ...common,
        members: `${lead}${flattened.members}${logMember({ path, level })}`,
        kafkaMembers: `,"value":${flattened.value}${flattened.words === null ? "" : `,"words":${flattened.words}`}`,
        ownTags: flattened.tags,
        tags: [...tags, "fields_flattened"],
        isFlattened: true,
      };
    }
    const own = ownFields(record.members, record.object, moved, {
      path,
      level,
      reserveEvent: !faithful,
    });
    if (renamed || own.renamed) tags.push("json_field_renamed");
    return {
      ...plain,
      ...common,
      members: `${lead}${own.members}`,
      ownTags: own.tags,
      tags,
    };
  }
}

/** What there is to say where declared fields gave no time. */
function timeTags({ kind }: EventTime): string[] {
  if (kind === "read") return [];
  return [kind === "absent" ? "timestamp_absent" : "timestamp_parse_failure"];
}

const plain = { kafkaMembers: "", ownTags: null, isFlattened: false, faithful: true } as const;
