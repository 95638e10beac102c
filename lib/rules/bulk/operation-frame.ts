import type { Specification } from "../model/declaration.ts";
import { hostMember } from "../json/json-document.ts";
import { logMember } from "../json/log-object.ts";
import { kafkaFields, kafkaStart } from "../documents/kafka-fields.ts";
import { type Level, levels } from "../level/log-level.ts";
import { type Origin, unknownOrigin } from "../model/origin.ts";
import { createRecordIndex, type IndexChoice, type RecordIndex } from "../model/record-index.ts";
import type { SourceRecord } from "../model/record.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { createBase36TimeText } from "./time-text.ts";

/** @returns the operation's index; null if it cannot write this record, and then what it wrote must be truncated */
export type RecordWriter = (out: ByteWriter, record: SourceRecord) => string | null;

/** The parts around a record's own fields, alike for all operations of a topic. */
export interface OperationFrame {
  readonly indexFor: RecordIndex;
  /** Writes the action line. */
  action(out: ByteWriter, record: SourceRecord, index: string): void;
  /** Writes `kafka` and the end of the document. @returns false if key or headers are not UTF-8 and need a mark */
  kafka(out: ByteWriter, record: SourceRecord, end: Buffer): boolean;
}

const MOST_STARTS = 1_000;

/** Closes `kafka` and the document. */
export const OPERATION_END = Buffer.from("}}\n");

/**
 * The beginning of an operation's action line, up to the value of its id. A data stream's name must never become a plain
 * index, as it would if no template made a stream of it: Elasticsearch then refuses the operation with a 404.
 */
export function actionText(index: string, { dataStream }: Pick<Specification, "dataStream">): string {
  const only = dataStream === null ? "" : '"require_data_stream":true,';
  return `{"create":{"_index":${JSON.stringify(index)},${only}"_id":`;
}

export function createOperationFrame(spec: Specification, choice: IndexChoice): OperationFrame {
  const { topic, index: namePattern } = spec;
  const idTime = createBase36TimeText(":", '"}}\n');
  const start = kafkaStart(topic);
  let actionIndex = "";
  let actionPartition = -1;
  let actionStart: Buffer = Buffer.alloc(0);
  /** Fields may choose another index for each record. */
  const starts = new Map<string, Buffer>();
  let offsetPartition = -1;
  let offsetStart = Buffer.alloc(0);

  const startOf = (index: string, partition: number): Buffer => {
    const key = `${partition} ${index}`;
    const known = starts.get(key) ?? Buffer.from(`${actionText(index, spec)}"${topic}:${partition}:`);
    if (starts.size === MOST_STARTS) starts.clear();
    starts.set(key, known);
    return known;
  };

  return {
    indexFor: createRecordIndex(namePattern, choice),
    action(out, { partition, offset, timestamp }, index) {
      if (partition !== actionPartition || index !== actionIndex) {
        actionPartition = partition;
        actionIndex = index;
        actionStart = startOf(index, partition);
      }
      out.bytes(actionStart);
      out.digits(offset);
      out.bytes(idTime(timestamp));
    },
    kafka(out, record, end) {
      if (record.headers.length > 0) {
        const fields = kafkaFields(record);
        out.text(`${start}${fields.json}`);
        out.bytes(end);
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
      out.bytes(end);
      return true;
    },
  };
}

/** Writes `before`, then `log` and `host`, each with a comma, unless they would be empty. */
export type OriginWriter = (out: ByteWriter, origin: Origin, level: Level | null) => void;

/** A topic's records come from a few machines and files. */
const KNOWN_ORIGINS = 256;

/** @param path the declared one */
export function createOriginWriter(path: string | null, before: string): OriginWriter {
  const pieceOf = ({ host, path: own }: Origin, level: Level | null): Buffer =>
    Buffer.from(before + logMember({ path: own ?? path, level }) + hostMember(host));
  const nothing = Buffer.alloc(0);
  const pieces = new Map([...levels, null].map((level) => [level, pieceOf(unknownOrigin, level)]));
  const known = new Map<string, Buffer>();
  return (out, origin, level) => {
    if (origin === unknownOrigin) {
      out.bytes(pieces.get(level) ?? nothing);
      return;
    }
    // No header's text has a lone surrogate.
    const key = [level, origin.host ?? "\ud801", origin.path ?? "\ud801"].join("\ud800");
    let piece = known.get(key);
    if (piece === undefined) {
      if (known.size === KNOWN_ORIGINS) known.clear();
      known.set(key, (piece = pieceOf(origin, level)));
    }
    out.bytes(piece);
  };
}
