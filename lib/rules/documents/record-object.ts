import { isObject } from "../json/object.ts";
import { type JsonMember, objectText } from "../json/json-members.ts";
import { withoutHalfPairs } from "../base/utf8-text.ts";
import { cleanMembers } from "./clean-members.ts";
import type { MovedFields } from "../json/moved-fields.ts";

/** The JSON object of a record. */
export interface RecordObject {
  /** By name. Elasticsearch accepts each name, and the raw text is on one line. */
  readonly members: Map<string, JsonMember>;
  /** The same members parsed by `JSON.parse`. */
  readonly object: Readonly<Record<string, unknown>>;
  /** True if lone surrogates were replaced. */
  readonly mended: boolean;
  /** True if there were duplicate names, whose earlier values moved. */
  readonly doubled: boolean;
  /** True if names were replaced. */
  readonly replaced: boolean;
}

/**
 * Ignores byte-order marks, NULs and white space around the object.
 * @param moved collects the earlier values of duplicate names
 * @returns null if the text is not a JSON object
 */
export function readRecordObject(text: string, moved: MovedFields): RecordObject | null {
  const trimmed = withoutEdges(text);
  if (!trimmed.startsWith("{")) return null;
  const whole = withoutHalfPairs(trimmed);
  const object = parseObject(whole);
  if (object === null) return null;
  // In valid JSON line breaks occur only between tokens; in a bulk body they would end the document.
  const { members, doubled, replaced } = cleanMembers(whole.replace(/[\r\n]/g, " "), moved);
  return {
    members,
    object: doubled || replaced ? (parseObject(objectText(members.values())) ?? object) : object,
    mended: whole !== trimmed,
    doubled,
    replaced,
  };
}

function parseObject(text: string): RecordObject["object"] | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // Ordinary text is expected here: it becomes the message.
    return null;
  }
}

function withoutEdges(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isEdge(text.charCodeAt(start))) start += 1;
  while (end > start && isEdge(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** JSON white space, and what files may begin with or be padded by. */
function isEdge(code: number): boolean {
  return (
    code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0 || code === BYTE_ORDER_MARK
  );
}

const BYTE_ORDER_MARK = 0xfeff;
