import { isObject } from "../json/object.ts";
import { type JsonMember, objectText } from "../json/json-members.ts";
import { withoutHalfPairs } from "../base/utf8-text.ts";
import { cleanMembers } from "./clean-members.ts";
import type { MovedFields } from "../json/moved-fields.ts";

/** A JSON object that a record holds. */
export interface RecordObject {
  /** By name; each name is one that Elasticsearch takes, and the raw text is on one line. */
  readonly members: Map<string, JsonMember>;
  /** What `JSON.parse` makes of these members. */
  readonly object: Readonly<Record<string, unknown>>;
  /** True: half surrogate pairs were replaced. */
  readonly mended: boolean;
  /** True: names stood twice; the earlier values were moved. */
  readonly doubled: boolean;
  /** True: names were replaced. */
  readonly replaced: boolean;
}

/**
 * Byte-order marks, NULs and white space around the object are not part of it.
 * @param moved gets the values of names that stand more than once
 * @returns null: the text is not a JSON object
 */
export function readRecordObject(text: string, moved: MovedFields): RecordObject | null {
  const trimmed = withoutEdges(text);
  if (!trimmed.startsWith("{")) return null;
  const whole = withoutHalfPairs(trimmed);
  const object = parseObject(whole);
  if (object === null) return null;
  // Line breaks can stand only between tokens in valid JSON; in a bulk body they would end the document.
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
    // Not JSON is an ordinary answer here: the text itself becomes the message.
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

/** What a file may begin with or be padded by, and JSON's own white space. */
function isEdge(code: number): boolean {
  return (
    code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0 || code === BYTE_ORDER_MARK
  );
}

const BYTE_ORDER_MARK = 0xfeff;
