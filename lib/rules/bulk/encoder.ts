import { isUtf8 } from "node:buffer";
import { type Specification, timestampFields } from "../declaration.ts";
import {
  createDocumentEncoder,
  type DocumentForm,
  type EncodedDocument,
  type Encoding,
} from "../document.ts";
import { isDocumentTime, parseEventTimeText } from "../event-time.ts";
import { mayBeWide } from "../flattened-json.ts";
import { logMember } from "../document/log-object.ts";
import { kafkaFields, kafkaStart } from "../kafka-fields.ts";
import { createIndexNamer } from "../names.ts";
import { contentBytesOf, type Rejection, type SourceRecord } from "../record.ts";
import { ByteWriter } from "./byte-writer.ts";
import { JsonScanner } from "./json-scanner.ts";
import { createShapes, type ObjectShape } from "./object-shapes.ts";
import { createBase36TimeText, createIsoTimeText } from "./time-text.ts";

/** The `create` operations of records, one behind the other, and what became of those that have none. */
export interface EncodedBatch {
  /** Of each operation two lines: the action and the source. */
  readonly bytes: Buffer;
  /** By operation: one past its last byte. */
  readonly ends: readonly number[];
  /** By operation: its record's position. */
  readonly positions: readonly number[];
  /** By operation: the index it names. */
  readonly indices: readonly string[];
  /** Positions of tombstones: there is nothing to index. */
  readonly skipped: readonly number[];
  /** By position. */
  readonly rejections: ReadonlyMap<number, Rejection>;
}

/**
 * A record beyond this is no document, whatever Elasticsearch would take (its own default is 100 MB): it would be in memory
 * several times, and be escaped to six times its size. A document beyond the other is one that was.
 */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 3 * MAX_RECORD_BYTES;
/** As Elasticsearch, or a proxy before it, says of one that it finds too large. */
const documentTooLarge = {
  status: 413,
  type: "document_too_large",
  reason: `a record is indexed up to ${MAX_RECORD_BYTES} bytes of key, value and headers, and ${MAX_DOCUMENT_BYTES} as a document`,
} as const;

/** What a document has beside its value, and its action, at most: only a guess that saves growing. */
const FRAME_BYTES = 200;
const SOME_SLACK_BYTES = 4_096;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPERATION_END = Buffer.from("}}\n");

/**
 * Encodes records of one topic into the body of a `_bulk` request. What each document holds is said by
 * `createDocumentEncoder` alone (lib/rules/document.ts). Ordinary records are written straight from their bytes into the
 * body, pieces that stay the same as they are; any other is left to that encoder. Both give the same bytes:
 * test/lib/rules/bulk/encoder.test.ts. Forms that only refused records take are not written for speed.
 * @param form how the records' fields stand in their documents
 * @returns takes records, and by their positions the fields for which they were refused in the form before
 */
export function createBulkEncoder(spec: Specification, form: DocumentForm = "own"): BulkEncoder {
  const encodeDocument = createDocumentEncoder(spec, form);
  if (form !== "own") return createEncoder(spec, () => null, encodeDocument);
  return createEncoder(
    spec,
    spec.format === "json" ? createJsonWriter(spec) : createTextWriter(spec),
    encodeDocument,
  );
}

type BulkEncoder = (records: readonly SourceRecord[], refused?: readonly (string | null)[]) => EncodedBatch;

function createEncoder(
  spec: Specification,
  write: RecordWriter,
  encodeDocument: (record: SourceRecord, refused: string | null) => Encoding,
): BulkEncoder {
  return (records, refused = []) => {
    const out = new ByteWriter(capacityFor(records));
    const ends: number[] = [];
    const positions: number[] = [];
    const indices: string[] = [];
    const skipped: number[] = [];
    const rejections = new Map<number, Rejection>();
    const tooLarge = (position: number): void => {
      rejections.set(position, { ...documentTooLarge, index: spec.index });
    };
    for (const [position, record] of records.entries()) {
      const start = out.length;
      if (record.setAside !== undefined) {
        const { type, reason } = record.setAside;
        rejections.set(position, { status: 400, type, reason, index: spec.index });
        continue;
      }
      if (contentBytesOf(record) > MAX_RECORD_BYTES) {
        tooLarge(position);
        continue;
      }
      let index = write(out, record);
      if (index === null) {
        out.truncate(start);
        const encoding = encodeDocument(record, refused[position] ?? null);
        if (encoding.kind === "document") {
          writeDocument(out, encoding);
          ({ index } = encoding);
        } else if (encoding.kind === "skipped") skipped.push(position);
        else rejections.set(position, encoding.rejection);
      }
      if (index === null) continue;
      if (out.length - start > MAX_DOCUMENT_BYTES) {
        out.truncate(start);
        tooLarge(position);
        continue;
      }
      ends.push(out.length);
      positions.push(position);
      indices.push(index);
    }
    return { bytes: out.written, ends, positions, indices, skipped, rejections };
  };
}

function capacityFor(records: readonly SourceRecord[]): number {
  let bytes = SOME_SLACK_BYTES;
  for (const { value } of records) bytes += FRAME_BYTES + (value?.length ?? 0);
  return Math.ceil(bytes * 1.125);
}

function writeDocument(out: ByteWriter, { index, id, json }: EncodedDocument): void {
  out.text(`{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}}}\n`);
  out.text(json);
  out.text("\n");
}

/** @returns the operation's index; null: not a record that is written this way, whatever was written is void */
type RecordWriter = (out: ByteWriter, record: SourceRecord) => string | null;

function createTextWriter(spec: Specification): RecordWriter {
  const frame = createFrame(spec);
  const isoTime = createIsoTimeText('{"@timestamp":"', '","message":"');
  const afterMessage = Buffer.from(`",${frame.log}`);

  return (out, record) => {
    const { value, timestamp } = record;
    if (value === null || !isDocumentTime(timestamp) || value.at(-1) === CARRIAGE_RETURN) return null;
    const index = frame.indexFor(timestamp);
    frame.action(out, record, index);
    out.bytes(isoTime(timestamp));
    if (!out.jsonText(value)) return null;
    out.bytes(afterMessage);
    return frame.kafka(out, record) ? index : null;
  };
}

function createJsonWriter(spec: Specification): RecordWriter {
  const frame = createFrame(spec);
  const isoTime = createIsoTimeText('{"@timestamp":"', `",${frame.log}`);
  const scanner = new JsonScanner();
  const timeFields = timestampFields(spec);
  const shapeOf = createShapes(timeFields);
  const flattens = spec.rejected === "flatten";

  if (spec.message !== null && spec.message !== "message") return () => null;
  return (out, record) => {
    const { value } = record;
    if (value === null || !scanner.scan(value)) return null;
    const shape = shapeOf(value, scanner);
    if (!shape.plain || !hasText(value, shape.messageAt) || !isUtf8(value)) return null;
    if (flattens && mayBeWide(value)) return null;
    const timestampMs = eventTime(value, shape, record.timestamp);
    if (timestampMs === null || !isDocumentTime(timestampMs)) return null;

    const index = frame.indexFor(timestampMs);
    frame.action(out, record, index);
    out.bytes(isoTime(timestampMs));
    members(out, value, 0, shape.ownTimeAt);
    members(out, value, shape.ownTimeAt + 1, scanner.count);
    return frame.kafka(out, record) ? index : null;
  };

  function hasText(value: Buffer, member: number): boolean {
    if (member === -1) return false;
    const start = scanner.valueStart(member);
    return value[start] === QUOTE && scanner.valueEnd(member) - start > 2;
  }

  /** Null: it is not to be read from the members alone, or an own `@timestamp` is not what it is read from. */
  function eventTime(value: Buffer, shape: ObjectShape, recordTimestampMs: number): number | null {
    if (timeFields.length === 0) return recordTimestampMs;
    for (const member of shape.timesAt) {
      if (member === -1) return null;
      const raw = value.toString("utf8", scanner.valueStart(member), scanner.valueEnd(member));
      const timestampMs = parseEventTimeText(raw, recordTimestampMs);
      if (timestampMs === null) continue;
      return shape.ownTimeAt === -1 || shape.ownTimeAt === member ? timestampMs : null;
    }
    return null;
  }

  /** Members `from` up to but not including `to`, each with a comma after it, without white space between tokens. */
  function members(out: ByteWriter, value: Buffer, from: number, to: number): void {
    if (from >= to) return;
    if (scanner.compact) {
      // From the first name's quote to the end of the last value: between them stand the commas.
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

/** What every operation of a topic has around its own fields. */
interface Frame {
  /** `log` with a comma after it, where a path is declared. */
  readonly log: string;
  indexFor(timestampMs: number): string;
  /** The action line. */
  action(out: ByteWriter, record: SourceRecord, index: string): void;
  /** `kafka`, and the end of the document. @returns false: key or headers are not UTF-8, which has to be marked */
  kafka(out: ByteWriter, record: SourceRecord): boolean;
}

function createFrame({ topic, path, index: namePattern }: Specification): Frame {
  const idTime = createBase36TimeText(":", '"}}\n');
  const start = kafkaStart(topic);
  let actionIndex = "";
  let actionPartition = -1;
  let actionStart = Buffer.alloc(0);
  let offsetPartition = -1;
  let offsetStart = Buffer.alloc(0);

  return {
    log: logMember({ path, level: null }),
    indexFor: createIndexNamer(namePattern),
    action(out, { partition, offset, timestamp }, index) {
      if (partition !== actionPartition || index !== actionIndex) {
        actionPartition = partition;
        actionIndex = index;
        actionStart = Buffer.from(
          `{"create":{"_index":${JSON.stringify(index)},"_id":"${topic}:${partition}:`,
        );
      }
      out.bytes(actionStart);
      out.digits(offset);
      out.bytes(idTime(timestamp));
    },
    kafka(out, record) {
      if (record.headers.length > 0) {
        const fields = kafkaFields(record);
        out.text(`${start}${fields.json}}}\n`);
        return fields.faithful;
      }
      const { partition, offset, key } = record;
      if (partition !== offsetPartition) {
        offsetPartition = partition;
        offsetStart = Buffer.from(`${start}"partition":${partition},"offset":`);
      }
      out.bytes(offsetStart);
      out.digits(offset);
      if (key !== null) {
        out.text(',"key":"');
        if (!out.jsonText(key)) return false;
        out.text('"');
      }
      out.bytes(OPERATION_END);
      return true;
    },
  };
}
