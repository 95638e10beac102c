import type { Specification } from "../model/declaration.ts";
import {
  createDocumentEncoder,
  type DocumentForm,
  type EncodedDocument,
  type Encoding,
} from "../documents/document.ts";
import { everyIndex, type IndexChoice } from "../model/record-index.ts";
import { contentBytesOf, type Rejection, type SourceRecord } from "../model/record.ts";
import { ByteWriter } from "./byte-writer.ts";
import { createJsonWriter } from "./json-writer.ts";
import { actionText, type RecordWriter } from "./operation-frame.ts";
import { createTextWriter } from "./text-writer.ts";

/** The `create` operations of a batch, one after another, and the records that have none. */
export interface EncodedBatch {
  /** Two lines for each operation: the action and the source. */
  readonly bytes: Buffer;
  /** One past the last byte of each operation. */
  readonly ends: readonly number[];
  /** The record position of each operation. */
  readonly positions: readonly number[];
  /** The index that each operation names. */
  readonly indices: readonly string[];
  /** Positions of tombstones, which have nothing to index. */
  readonly skipped: readonly number[];
  /** By record position. */
  readonly rejections: ReadonlyMap<number, Rejection>;
}

/**
 * Larger records are rejected, whatever Elasticsearch would accept (its default is 100 MB): they would be in memory
 * several times over, and escaping can make them six times as large. The second limit catches records that escaping has
 * inflated.
 */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 3 * MAX_RECORD_BYTES;
/** The status with which Elasticsearch, or a proxy in front of it, refuses an oversized document. */
const documentTooLarge = {
  status: 413,
  type: "document_too_large",
  reason: `the record has more than ${MAX_RECORD_BYTES} bytes of key, value and headers, or more than ${MAX_DOCUMENT_BYTES} bytes as a document`,
} as const;

/** Documents of records up to this size stay far below the limit, and cannot bloat a shared body. */
const MAX_PLAIN_BYTES = 64 * 1024;

/** Estimated size of the action plus all of the document but its value, so that the buffer rarely has to grow. */
const FRAME_BYTES = 200;
const SOME_SLACK_BYTES = 4_096;
/** Keeps small batches within the runtime's buffer pool: thousands of topics send a few records at a time. */
const RECORD_SLACK_BYTES = 1_024;

/**
 * Encodes records of one topic into the body of a `_bulk` request. `createDocumentEncoder`
 * (lib/rules/documents/document.ts) alone defines what each document contains. Ordinary records skip it: their bytes
 * are copied straight into the body, between precomputed pieces. Both ways give the same bytes:
 * test/lib/rules/bulk/encoder.test.ts. Only refused records take the other forms, so those have no fast path.
 * @param form how the document contains the record's fields
 * @param choice admits the indices that fields choose
 */
export function createBulkEncoder(
  spec: Specification,
  form: DocumentForm = "own",
  choice: IndexChoice = everyIndex,
): BulkEncoder {
  const encodeDocument = createDocumentEncoder(spec, form, choice);
  return createEncoder(spec, form === "own" ? createWriter(spec, choice) : () => null, encodeDocument);
}

function createWriter(spec: Specification, choice: IndexChoice): RecordWriter {
  return spec.format === "json" ? createJsonWriter(spec, choice) : createTextWriter(spec);
}

/**
 * Appends the operations of ordinary records to a body shared with other topics.
 * @returns the index of each record; null if one is not ordinary, and then nothing is written
 */
export type PlainEncoder = (out: ByteWriter, records: readonly SourceRecord[]) => readonly string[] | null;

/** Covers the records that `createBulkEncoder` copies straight, and writes the same bytes. */
export function createPlainEncoder(spec: Specification, choice: IndexChoice = everyIndex): PlainEncoder {
  const write = createWriter(spec, choice);
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

/** @param refused by position, the field for which the record was refused in the previous form */
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
          writeDocument(out, encoding, spec);
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

function writeDocument(
  out: ByteWriter,
  { index, id, json, templates }: EncodedDocument,
  spec: Specification,
): void {
  out.text(`${actionText(index, spec)}${JSON.stringify(id)}`);
  if (templates !== undefined && templates.size > 0)
    out.text(`,"dynamic_templates":${JSON.stringify(Object.fromEntries(templates))}`);
  out.text("}}\n");
  out.text(json);
  out.text("\n");
}
