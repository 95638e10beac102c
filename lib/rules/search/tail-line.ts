import type { Format } from "../declaration.ts";
import { isDocumentTime } from "../event-time.ts";
import { isObject } from "../json-document.ts";
import type { OutcomeKind, SourceRecord } from "../record.ts";
import { decodeUtf8 } from "../utf8-text.ts";
import { lineBytes } from "./body.ts";
import { cutText } from "./cut-text.ts";
import { messageText } from "./message-text.ts";

/** A record that this host has just settled, as the live tail shows it. */
export interface TailLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's own, ISO 8601; null: it has none that can be told. */
  readonly timestamp: string | null;
  readonly outcome: OutcomeKind;
  /** At most `lineBytes` of UTF-8. */
  readonly text: string;
  /** True: the text goes on. */
  readonly cut: boolean;
  /** Of the whole text, as UTF-8. */
  readonly bytes: number;
}

/** What a record says, as a search shows it once it is indexed. A tombstone says nothing. */
export function recordText({ value }: SourceRecord, format: Format): string {
  if (value === null) return "";
  const { text } = decodeUtf8(value);
  if (format === "text") return text;
  try {
    const object: unknown = JSON.parse(text);
    return isObject(object) ? messageText(text, object) : text;
  } catch {
    // Indexed as text, and so it is shown.
    return text;
  }
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
