import type { Specification } from "../model/declaration.ts";
import {
  createDocumentEncoder,
  type DocumentForm,
  type EncodedDocument,
  type Encoding,
} from "../documents/document.ts";
import { contentBytesOf, type Rejection, type SourceRecord } from "../model/record.ts";
import { ByteWriter } from "./byte-writer.ts";
import { createJsonWriter } from "./json-writer.ts";
import type { RecordWriter } from "./operation-frame.ts";
import { createTextWriter } from "./text-writer.ts";

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

/** No document of such a record is near the limit, and no common body grows large by it. */
const MAX_PLAIN_BYTES = 64 * 1024;

/** What a document has beside its value, and its action, at most: only a guess that saves growing. */
const FRAME_BYTES = 200;
const SOME_SLACK_BYTES = 4_096;
/** Of a few records: from so little a pool is used, and thousands of topics send a few at a time. */
const RECORD_SLACK_BYTES = 1_024;

/**
 * Encodes records of one topic into the body of a `_bulk` request. What each document holds is said by
 * `createDocumentEncoder` alone (lib/rules/documents/document.ts). Ordinary records are written straight from their bytes into the
 * body, pieces that stay the same as they are; any other is left to that encoder. Both give the same bytes:
 * test/lib/rules/bulk/encoder.test.ts. Forms that only refused records take are not written for speed.
 * @param form how the records' fields stand in their documents
 * @returns takes records, and by their positions the fields for which they were refused in the form before
 */
export function createBulkEncoder(spec: Specification, form: DocumentForm = "own"): BulkEncoder {
  const encodeDocument = createDocumentEncoder(spec, form);
  return createEncoder(spec, form === "own" ? createWriter(spec) : () => null, encodeDocument);
}

function createWriter(spec: Specification): RecordWriter {
  return spec.format === "json" ? createJsonWriter(spec) : createTextWriter(spec);
}

/**
 * Writes the operations of ordinary records behind what stands there: into one body with those of other topics.
 * @returns by record the index it names; null: one is not ordinary, and none is written
 */
export type PlainEncoder = (out: ByteWriter, records: readonly SourceRecord[]) => readonly string[] | null;

/** Of what `createBulkEncoder` writes straight, and to the letter as that does. */
export function createPlainEncoder(spec: Specification): PlainEncoder {
  const write = createWriter(spec);
  return (out, records) => {
    const start = out.length;
    const indices: string[] = [];
    for (const record of records) {
      const isPlain = record.setAside === undefined && contentBytesOf(record) <= MAX_PLAIN_BYTES;
      const index = isPlain ? write(out, record) : null;
      if (index === null) {
        out.truncate(start);
        return null;
      }
      indices.push(index);
    }
    return indices;
  };
}

/** Takes records, and by their positions the fields for which they were refused in the form before. */
export type BulkEncoder = (
  records: readonly SourceRecord[],
  refused?: readonly (string | null)[],
) => EncodedBatch;

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
  let bytes = Math.min(SOME_SLACK_BYTES, records.length * RECORD_SLACK_BYTES);
  for (const { value } of records) bytes += FRAME_BYTES + (value?.length ?? 0);
  return Math.ceil(bytes * 1.125);
}

function writeDocument(out: ByteWriter, { index, id, json, templates }: EncodedDocument): void {
  out.text(`{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}`);
  if (templates !== undefined && templates.size > 0)
    out.text(`,"dynamic_templates":${JSON.stringify(Object.fromEntries(templates))}`);
  out.text("}}\n");
  out.text(json);
  out.text("\n");
}
