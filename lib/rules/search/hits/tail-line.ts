import type { createDocumentEncoder } from "../../documents/document.ts";
import { isDocumentTime } from "../../time/event-time.ts";
import { isObject } from "../../json/object.ts";
import type { OutcomeKind, SourceRecord } from "../../model/record.ts";
import { type SearchedRecord, searchedRecord } from "../grammar/match.ts";
import { decodeUtf8 } from "../../base/utf8-text.ts";
import { valuesAt } from "../../json/values-at.ts";
import { lineBytes } from "../query/body.ts";
import { cutText } from "./cut-text.ts";
import { messageText } from "./message-text.ts";

/** A record that this host has just settled, as shown in the live tail. */
export interface TailLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's own, ISO 8601; null if it has none or an invalid one. */
  readonly timestamp: string | null;
  readonly outcome: OutcomeKind;
  /** At most `lineBytes` of UTF-8. */
  readonly text: string;
  /** Whether the text is longer. */
  readonly cut: boolean;
  /** Size of the whole text as UTF-8. */
  readonly bytes: number;
}

/** A record's text, as a search will show and find it once it is indexed. */
export interface RecordText extends SearchedRecord {
  readonly line: string;
}

/**
 * Returns the text of a record; a tombstone has none.
 * @param encode makes documents from the topic's records
 */
export function recordText(
  record: SourceRecord,
  encode: ReturnType<typeof createDocumentEncoder>,
): RecordText {
  if (record.value === null) return textOnly("");
  const encoding = encode(record);
  const document: unknown = encoding.kind === "document" ? JSON.parse(encoding.json) : null;
  if (encoding.kind !== "document" || !isObject(document)) {
    return textOnly(decodeUtf8(record.value).text);
  }
  const line = messageText(encoding.json, document);
  const { kafka, ...own } = document;
  const flattened = isObject(kafka) ? kafka["value"] : null;
  return {
    line,
    ...searchedRecord({
      folded: () => folded([line, ...stringsWithin([own, flattened])]),
      values: (field, looks) => valuesAt(document, field, looks),
    }),
  };
}

function textOnly(line: string): RecordText {
  return { line, ...searchedRecord({ folded: () => folded([line]), values: () => [] }) };
}

const COLOUR = new RegExp(String.raw`\u001b\[[\d;]*m`, "g");

function folded(texts: readonly string[]): string {
  return texts.join("\n").replace(COLOUR, " ").toLowerCase();
}

function stringsWithin(values: readonly unknown[]): string[] {
  const found: string[] = [];
  const open: unknown[] = [...values];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") found.push(value);
    else if (typeof value === "object" && value !== null)
      for (const one of Object.values(value)) open.push(one);
  }
  return found;
}

export function tailLine(topic: string, record: SourceRecord, outcome: OutcomeKind, text: string): TailLine {
  const { partition, offset, timestamp } = record;
  return {
    topic,
    partition,
    offset,
    timestamp: isDocumentTime(timestamp) ? new Date(timestamp).toISOString() : null,
    outcome,
    ...cutText(text, lineBytes),
    bytes: Buffer.byteLength(text),
  };
}
