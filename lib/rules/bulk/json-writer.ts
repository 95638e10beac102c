import { isUtf8 } from "node:buffer";
import { type Specification, timestampFields } from "../model/declaration.ts";
import { CONTAINER_HEAD_BYTES } from "../documents/level.ts";
import { fieldAt, isDocumentTime, parseEventTimeText } from "../time/event-time.ts";
import { dataStreamMember } from "../json/data-stream-member.ts";
import { mayBeWide } from "../json/flattened-json.ts";
import { createLineLevelReader } from "../level/line-level.ts";
import type { Level } from "../level/log-level.ts";
import { originOf } from "../model/origin.ts";
import type { SourceRecord } from "../model/record.ts";
import { ByteWriter } from "./byte-writer.ts";
import { lineEnd, objectEnd } from "./json/container-text.ts";
import { JsonScanner } from "./json/json-scanner.ts";
import { isObject } from "../json/object.ts";
import { createShapes, type FieldPlace, type ObjectShape } from "./json/object-shapes.ts";
import { type IndexChoice, noValues } from "../model/record-index.ts";
import { rawFieldIn } from "../json/json-members.ts";
import { indexFields } from "../model/index-fields.ts";
import {
  createOperationFrame,
  createOriginWriter,
  OPERATION_END,
  type RecordWriter,
} from "./operation-frame.ts";
import { createPlainTime } from "./plain-time.ts";
import { createIsoTimeText } from "./time-text.ts";
import { createUnescapedHead } from "./unescaped-text.ts";

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const LETTER_N = 0x6e;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** No such member. LOOK means the fast path cannot decide: the record goes to the document encoder. */
const NONE = -1;
const LOOK = -2;

const FIRST_MERGED_BYTES = 4_096;

const MESSAGE = Buffer.from('"message":');
const TEXT_END = Buffer.from('",');
const MOVED_LEVEL = Buffer.from('"json":{"log.level":');
const MOVED_LEVEL_END = Buffer.from("},");
const RENAMED_END = Buffer.from('},"tags":["json_field_renamed"]}\n');

/** Like `rawFieldIn`, but twice as fast for a text, which it spells in its own way. */
function innerValue(raw: string, path: string): string | null {
  if (!raw.startsWith("{")) return null;
  const parsed: unknown = JSON.parse(raw);
  const value = isObject(parsed) ? fieldAt(parsed, path) : undefined;
  return typeof value === "string" ? JSON.stringify(value) : rawFieldIn(raw, path);
}

/** Writes plain JSON records straight from their bytes, as lib/rules/documents/document.ts defines them. */
export function createJsonWriter(spec: Specification, choice: IndexChoice): RecordWriter {
  const frame = createOperationFrame(spec, choice);
  const isoTime = createIsoTimeText('{"@timestamp":"', `",${dataStreamMember(spec)}`);
  const writeOrigin = createOriginWriter(spec.path, "");
  const scanner = new JsonScanner();
  const timeFields = timestampFields(spec);
  const plainTime = createPlainTime();
  // A container's `log` is its line anyway; any other kind of `log` goes to the document encoder.
  const lineField = spec.message === "message" || spec.message === "log" ? null : spec.message;
  const isStream = spec.dataStream !== null;
  const named = indexFields(spec.index);
  const shapeOf = createShapes({ timeFields, named, lineField, isStream });
  const flattens = spec.rejected === "flatten";
  const headOf = createUnescapedHead(CONTAINER_HEAD_BYTES);
  const levelOfLine = createLineLevelReader();

  const mergedShapeOf = createShapes({ timeFields, named, lineField, isStream });
  const merged = new ByteWriter(FIRST_MERGED_BYTES);

  return (out, record) => {
    const { value } = record;
    if (value === null || !scanner.scan(value)) return null;
    const shape = shapeOf(value, scanner);
    if (!shape.plain || !isUtf8(value)) return null;
    const { logAt } = shape;
    if (logAt === NONE) return write(out, record, value, shape);
    // Records with both `log` and `message` go to the document encoder.
    const start = scanner.valueStart(logAt);
    if (shape.messageAt !== NONE || value[start] !== QUOTE) return null;
    const closingAt = objectEnd(value, start + 1, scanner.valueEnd(logAt) - 1);
    if (closingAt === NONE) return write(out, record, value, shape);
    return unwrap(value, logAt, closingAt) ? writeMerged(out, record, merged.written) : null;
  };

  /** Writes a container's members, and those of the object in its `log`, into `merged`. */
  function unwrap(value: Buffer, logAt: number, closingAt: number): boolean {
    merged.truncate(0);
    merged.byte(OPEN_OBJECT);
    members(merged, value, logAt, NONE, NONE);
    merged.unescaped(value, scanner.valueStart(logAt) + 2, closingAt);
    merged.byte(CLOSE_OBJECT);
    // If the merged text is one valid object, the object in `log` was valid too.
    return scanner.scan(merged.written);
  }

  function writeMerged(out: ByteWriter, record: SourceRecord, value: Buffer): string | null {
    const shape = mergedShapeOf(value, scanner);
    const { plain, logAt, messageAt } = shape;
    if (!plain || logAt !== NONE) return null;
    // If no field has the line, the whole text is the line.
    if (messageAt === NONE && lineMember(value, shape) === NONE) return null;
    return write(out, record, value, shape);
  }

  function write(out: ByteWriter, record: SourceRecord, value: Buffer, shape: ObjectShape): string | null {
    if (flattens && mayBeWide(value)) return null;
    const timestampMs = eventTime(value, shape, record.timestamp);
    if (timestampMs === null || !isDocumentTime(timestampMs)) return null;
    const lineAt = lineMember(value, shape);
    if (lineAt === LOOK) return null;
    const origin = originOf(record.headers);
    // The document encoder knows how its own `host` gives way.
    if (origin.host !== null && shape.hasHost) return null;
    const textEnd = shape.logAt === NONE ? NONE : containerTextEnd(value, shape.logAt);
    if (shape.logAt !== NONE && textEnd === NONE) return null;

    const index = frame.indexFor(timestampMs, indexValues(value, shape));
    frame.action(out, record, index);
    out.bytes(isoTime(timestampMs));
    if (textEnd !== NONE) {
      out.bytes(MESSAGE);
      out.range(value, scanner.valueStart(shape.logAt), textEnd);
      out.bytes(TEXT_END);
    } else if (lineAt !== NONE) {
      out.bytes(MESSAGE);
      out.range(value, scanner.valueStart(lineAt), scanner.valueEnd(lineAt));
      out.byte(COMMA);
    }
    const level = levelOf(value, shape, textEnd);
    const stands = level !== null && shape.ownLevelAt !== NONE && isLevel(value, shape.ownLevelAt, level);
    const movedAt = level === null || stands ? NONE : shape.ownLevelAt;
    writeOrigin(out, origin, stands ? null : level);
    members(out, value, shape.ownTimeAt, shape.logAt, movedAt);
    if (movedAt === NONE) return frame.kafka(out, record, OPERATION_END) ? index : null;
    out.bytes(MOVED_LEVEL);
    out.range(value, scanner.valueStart(movedAt), scanner.valueEnd(movedAt));
    out.bytes(MOVED_LEVEL_END);
    return frame.kafka(out, record, RENAMED_END) ? index : null;
  }

  function indexValues(value: Buffer, { namedAt }: ObjectShape): readonly (string | null)[] {
    if (namedAt.length === 0) return noValues;
    return namedAt.map((place) => {
      if (place === null) return null;
      const { member, path } = place;
      const raw = value.toString("utf8", scanner.valueStart(member), scanner.valueEnd(member));
      return path === "" ? raw : innerValue(raw, path);
    });
  }

  /** @returns null if the members alone do not tell it, or if another field than the object's own `@timestamp` did */
  function eventTime(value: Buffer, shape: ObjectShape, recordTimestampMs: number): number | null {
    if (timeFields.length === 0) return recordTimestampMs;
    for (const member of shape.timesAt) {
      if (member === NONE) return null;
      const [start, end] = [scanner.valueStart(member), scanner.valueEnd(member)];
      const plainMs = plainTime(value, start, end);
      const timestampMs =
        plainMs === -1 ? parseEventTimeText(value.toString("utf8", start, end), recordTimestampMs) : plainMs;
      if (timestampMs === null) continue;
      return shape.ownTimeAt === NONE || shape.ownTimeAt === member ? timestampMs : null;
    }
    return null;
  }

  /** The member to copy into `message`. @returns NONE if none or a container's text; LOOK if undecided */
  function lineMember(value: Buffer, { messageAt, logAt, declaredLine, lines }: ObjectShape): number {
    const declared = declaredLine === null ? NONE : textMember(value, declaredLine);
    if (declared !== NONE) return messageAt === NONE && logAt === NONE ? declared : LOOK;
    if (messageAt !== NONE) return logAt === NONE && isTaken(value, messageAt) ? NONE : LOOK;
    if (logAt !== NONE) return NONE;
    for (const place of lines) {
      const member = textMember(value, place);
      if (member !== NONE) return member;
    }
    return NONE;
  }

  /** @returns NONE if the field has no text or an empty one; LOOK if it may have one */
  function textMember(value: Buffer, { member, isWithin }: FieldPlace): number {
    const start = scanner.valueStart(member);
    const first = value[start];
    if (isWithin) return first === OPEN_OBJECT || first === OPEN_LIST ? LOOK : NONE;
    return first === QUOTE && scanner.valueEnd(member) - start > 2 ? member : NONE;
  }

  /** Whether the object's own `message` has content, even a number. */
  function isTaken(value: Buffer, messageAt: number): boolean {
    const start = scanner.valueStart(messageAt);
    if (value[start] === QUOTE) return scanner.valueEnd(messageAt) - start > 2;
    return value[start] !== LETTER_N;
  }

  /** @returns NONE if the text cannot be copied as it is */
  function containerTextEnd(value: Buffer, logAt: number): number {
    return lineEnd(value, scanner.valueStart(logAt) + 1, scanner.valueEnd(logAt) - 1);
  }

  function levelOf(value: Buffer, { levels, logAt }: ObjectShape, textEnd: number): Level | null {
    for (const { member, read } of levels) {
      if (member === logAt) continue;
      const level = read(value, scanner.valueStart(member), scanner.valueEnd(member));
      if (level !== null) return level;
    }
    if (textEnd === NONE) return null;
    return levelOfLine(headOf(value, scanner.valueStart(logAt) + 1, textEnd));
  }

  function isLevel(value: Buffer, member: number, level: Level): boolean {
    const start = scanner.valueStart(member) + 1;
    return value.toString("latin1", start, scanner.valueEnd(member) - 1) === level;
  }

  /** Writes all members but three, each followed by a comma, without white space between tokens. */
  function members(out: ByteWriter, value: Buffer, one: number, other: number, third: number): void {
    let from = 0;
    for (let member = 0; member < scanner.count; member += 1) {
      if (member !== one && member !== other && member !== third) continue;
      run(out, value, from, member);
      from = member + 1;
    }
    run(out, value, from, scanner.count);
  }

  /** Members `from` up to but not including `to`. */
  function run(out: ByteWriter, value: Buffer, from: number, to: number): void {
    if (from >= to) return;
    if (scanner.compact) {
      // From the first name's quote to the end of the last value, including the commas between.
      out.range(value, scanner.nameStart(from) - 1, scanner.valueEnd(to - 1));
      out.byte(COMMA);
      return;
    }
    for (let member = from; member < to; member += 1) {
      out.range(value, scanner.nameStart(member) - 1, scanner.nameEnd(member) + 1);
      out.byte(COLON);
      out.range(value, scanner.valueStart(member), scanner.valueEnd(member));
      out.byte(COMMA);
    }
  }
}
