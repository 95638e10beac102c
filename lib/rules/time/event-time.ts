import { isObject } from "../json/object.ts";
import { type JsonMember, rawFieldAt } from "../json/json-members.ts";
import { epochNumberMs } from "./epoch-number.ts";
import { nanosecondsPath, pairMs, timeInList, timeInObject } from "./structured.ts";
import { parseTimeText } from "./text-forms.ts";

/** The last millisecond of the year 9999, the latest that Elasticsearch's `strict_date_optional_time` can read back. */
const maxTimestampMs = 253_402_300_799_999;

/** Whether a document may carry this time: a whole number of milliseconds from 1970 through 9999. */
export function isDocumentTime(timestampMs: number): boolean {
  return Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs <= maxTimestampMs;
}

/** An event's own time. */
export type EventTime =
  | {
      readonly kind: "read";
      /** Satisfies `isDocumentTime`. */
      readonly timestampMs: number;
      /** The declared field it was read from. */
      readonly field: string;
    }
  /** None of the fields is present; null and blank text count as absent. */
  | { readonly kind: "absent" }
  /** At least one field is present, but none can be read. */
  | { readonly kind: "unreadable" };

/**
 * Reads an event's time from the first declared field that can be read. Depends only on the record.
 * @param members the record's raw members, for numbers beyond 2^53
 * @param object the same, parsed
 * @param fields each a top-level name, or else a dotted path into objects
 * @param recordTimestampMs determines the year of a text without one; if below 0, such a text cannot be read
 */
export function eventTimeOf(
  members: ReadonlyMap<string, JsonMember>,
  object: object,
  fields: readonly string[],
  recordTimestampMs: number,
): EventTime {
  let present = false;
  for (const field of fields) {
    const value = fieldAt(object, field);
    if (isAbsent(value)) continue;
    present = true;
    const timestampMs = timeAt(members, object, field, value, recordTimestampMs);
    if (timestampMs !== null) return { kind: "read", timestampMs, field };
  }
  return { kind: present ? "unreadable" : "absent" };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

function timeAt(
  members: ReadonlyMap<string, JsonMember>,
  object: object,
  field: string,
  value: unknown,
  recordTimestampMs: number,
): number | null {
  const beside = nanosecondsPath(field);
  const nanoseconds = beside === null ? undefined : fieldAt(object, beside);
  if (nanoseconds !== undefined) return documentTime(pairMs(value, nanoseconds));
  const exact =
    typeof value === "number" && value > Number.MAX_SAFE_INTEGER ? rawFieldAt(members, field) : null;
  return exact === null ? timeOfValue(value, recordTimestampMs) : documentTime(epochNumberMs(exact));
}

/**
 * Reads the time from one value of a record, as JSON; null if it is absent or cannot be read. Not for half of a pair
 * (`isHalfTime`), because the other half would be missing.
 */
export function parseEventTimeText(json: string, recordTimestampMs: number): number | null {
  // Most records have digits, or text without escapes.
  if (/^\d+$/.test(json)) return documentTime(epochNumberMs(json));
  if (json.startsWith('"') && !json.includes("\\"))
    return documentTime(timeOfText(json.slice(1, -1), recordTimestampMs));
  const members = new Map([["", { name: "", rawName: '""', rawValue: json }]]);
  const time = eventTimeOf(members, { "": JSON.parse(json) }, [""], recordTimestampMs);
  return time.kind === "read" ? time.timestampMs : null;
}

/** Whether a field of this name has seconds, with the nanoseconds in another field. */
export function isHalfTime(field: string): boolean {
  return nanosecondsPath(field) !== null;
}

function timeOfValue(value: unknown, recordTimestampMs: number): number | null {
  if (typeof value === "string") return documentTime(timeOfText(value, recordTimestampMs));
  if (typeof value === "number") return documentTime(epochNumberMs(String(value)));
  if (Array.isArray(value)) return documentTime(timeInList(value));
  if (!isObject(value)) return null;
  const inObject = timeInObject(value);
  if (typeof inObject === "string") return documentTime(timeOfText(inObject, recordTimestampMs));
  return documentTime(inObject ?? null);
}

function timeOfText(text: string, recordTimestampMs: number): number | null {
  return epochNumberMs(text.trim()) ?? parseTimeText(text, recordTimestampMs);
}

function documentTime(timestampMs: number | null): number | null {
  return timestampMs !== null && isDocumentTime(timestampMs) ? timestampMs : null;
}

/**
 * The value of a declared field: the whole path as a name, or else its first part as the name of an object that has the
 * rest. Undefined if absent.
 */
export function fieldAt(object: object, path: string): unknown {
  if (Object.hasOwn(object, path)) return Reflect.get(object, path);
  const dot = path.indexOf(".");
  const root = path.slice(0, Math.max(dot, 0));
  if (dot === -1 || !Object.hasOwn(object, root)) return undefined;
  const inner: unknown = Reflect.get(object, root);
  return typeof inner === "object" && inner !== null ? fieldAt(inner, path.slice(dot + 1)) : undefined;
}
