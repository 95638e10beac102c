import type { Specification } from "../model/declaration.ts";
import { dataStreamMember } from "../json/data-stream-member.ts";
import { isDocumentTime } from "../time/event-time.ts";
import { createLineLevelReader } from "../level/line-level.ts";
import { everyIndex, noValues } from "../model/record-index.ts";
import { originOf } from "../model/origin.ts";
import {
  createOperationFrame,
  createOriginWriter,
  OPERATION_END,
  type RecordWriter,
} from "./operation-frame.ts";
import { createIsoTimeText } from "./time-text.ts";

const CARRIAGE_RETURN = 0x0d;

/** Writes text records straight from their bytes, as lib/rules/documents/document.ts defines them. */
export function createTextWriter(spec: Specification): RecordWriter {
  const frame = createOperationFrame(spec, everyIndex);
  const isoTime = createIsoTimeText('{"@timestamp":"', `",${dataStreamMember(spec)}"message":"`);
  const afterMessage = createOriginWriter(spec.path, '",');
  const levelOfLine = createLineLevelReader();

  return (out, record) => {
    const { value, timestamp } = record;
    if (value === null || !isDocumentTime(timestamp) || value[value.length - 1] === CARRIAGE_RETURN)
      return null;
    const index = frame.indexFor(timestamp, noValues);
    frame.action(out, record, index);
    out.bytes(isoTime(timestamp));
    if (!out.jsonText(value)) return null;
    afterMessage(out, originOf(record.headers), levelOfLine(value));
    return frame.kafka(out, record, OPERATION_END) ? index : null;
  };
}
