import type { SourceRecord } from "../model/record.ts";
import type { BatchFacts, LogEntry } from "./entries.ts";

/** Bytes for a person: text if they are text, otherwise Base64. */
export interface ShownBytes {
  /** The length of the whole. */
  readonly bytes: number;
  readonly encoding: "utf8" | "base64";
  readonly content: string;
  /** Whether `content` is only the beginning. */
  readonly cut: boolean;
}

export interface ShownRecord {
  readonly kind: "record";
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601; null if the record has none, or one that no calendar has. */
  readonly timestamp: string | null;
  readonly timestampMs: number;
  readonly key: ShownBytes | null;
  readonly value: ShownBytes | null;
  /** The first {@link maxHeaders}, in their order; names may repeat. */
  readonly headers: readonly { readonly name: string; readonly value: ShownBytes | null }[];
  readonly headerCount: number;
  readonly batch: BatchFacts;
}

export type ShownGap = Extract<LogEntry, { readonly kind: "gap" }>;

export type ShownEntry = ShownRecord | ShownGap;

/** A record's value and key are cut here in a list, and here if one record is wanted whole. */
export const listedBytes = 4 * 1024;
export const wholeBytes = 4 * 1024 * 1024;
const headerBytes = 1024;
export const maxHeaders = 100;
/** The last moments that a calendar of ECMAScript has. */
const MAX_DATE_MS = 8.64e15;

export function shownEntry(entry: LogEntry, maxBytes: number): ShownEntry {
  return entry.kind === "gap" ? entry : shownRecord(entry.record, entry.batch, maxBytes);
}

function shownRecord(record: SourceRecord, batch: BatchFacts, maxBytes: number): ShownRecord {
  const { partition, offset, timestamp, key, value, headers } = record;
  return {
    kind: "record",
    partition,
    offset,
    timestamp: timestamp >= 0 && timestamp <= MAX_DATE_MS ? new Date(timestamp).toISOString() : null,
    timestampMs: timestamp,
    key: shownBytes(key, maxBytes),
    value: shownBytes(value, maxBytes),
    headers: headers.slice(0, maxHeaders).map((header) => ({
      name: header.name.slice(0, headerBytes),
      value: shownBytes(header.value, Math.min(maxBytes, headerBytes)),
    })),
    headerCount: headers.length,
    batch,
  };
}

/** A text is cut between characters, so that its beginning is a text as well. */
export function shownBytes(whole: Buffer | null, maxBytes: number): ShownBytes | null {
  if (whole === null) return null;
  const cut = whole.length > maxBytes;
  const kept = cut ? whole.subarray(0, maxBytes) : whole;
  const text = textOf(kept, cut);
  return text === null
    ? { bytes: whole.length, encoding: "base64", content: kept.toString("base64"), cut }
    : { bytes: whole.length, encoding: "utf8", content: text, cut };
}

/** @param cut whether the last character may be incomplete @returns null if the bytes are no UTF-8 */
function textOf(bytes: Buffer, cut: boolean): string | null {
  try {
    // Streaming keeps back the bytes of an incomplete last character.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
