import { contentBytesOf, type RecordHeader, type Rejection, type SourceRecord } from "../model/record.ts";

/** The Kafka record that keeps a rejected record. Its timestamp is set when it is written. */
export interface DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The record's own, untouched, then `penstock.*`. If a name occurs twice, the last one counts. */
  readonly headers: readonly RecordHeader[];
}

export interface DeadLetterContext {
  readonly topic: string;
  readonly record: SourceRecord;
  readonly rejection: Rejection;
  /** How often it was tried, from 1. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly failedAt: number;
}

/** These keep a letter without key, value and headers below 3 KiB. */
const maxReasonBytes = 1024;
const maxTypeBytes = 256;
/** The largest letter, before compression: a replay reads all of it at once. */
export const maxLetterBytes = 16 * 1024 * 1024;

/**
 * Makes the dead letter of a rejected record. All header values are text: numbers in decimal, `penstock.timestamp` in
 * milliseconds since the epoch, `penstock.failed-at` in ISO 8601.
 */
export function deadLetterOf(context: DeadLetterContext): DeadLetter {
  const { record, rejection } = context;
  const about = {
    topic: context.topic,
    partition: String(record.partition),
    offset: String(record.offset),
    timestamp: String(record.timestamp),
    index: rejection.index,
    status: String(rejection.status),
    "error.type": truncate(rejection.type, maxTypeBytes),
    "error.reason": truncate(rejection.reason, maxReasonBytes),
    attempts: String(context.attempts),
    "failed-at": new Date(context.failedAt).toISOString(),
  };
  const headers = Object.entries(about).map(([name, text]) => header(name, text));
  const { setAside } = record;
  if (setAside !== undefined) {
    headers.push(
      header("last-offset", String(setAside.end - 1)),
      header("records", String(setAside.records)),
    );
    return bareLetter({ key: null, value: null, headers });
  }
  return { key: record.key, value: record.value, headers: [...record.headers, ...headers] };
}

/** A letter too large for Kafka omits its value: replay reads the record from its topic. */
export function withoutValue(letter: DeadLetter): DeadLetter {
  return { ...letter, value: null, headers: [...letter.headers, header("value", "omitted")] };
}

/** The smallest form of a letter: only where the record is and why it was rejected. */
export function bareLetter({ headers }: DeadLetter): DeadLetter {
  // A record may have headers that look like ours; ours follow them.
  const first = headers.findLastIndex(({ name }) => name === "penstock.topic");
  const omitted = ["value", "key", "headers"].map((name) => header(name, "omitted"));
  const about = headers.slice(first).filter(({ name }) => name !== "penstock.value");
  return { key: null, value: null, headers: [...about, ...omitted] };
}

/** The most complete form of a letter within the limit. */
export function fittingLetter(letter: DeadLetter): DeadLetter {
  if (contentBytesOf(letter) <= maxLetterBytes) return letter;
  const short = withoutValue(letter);
  return contentBytesOf(short) <= maxLetterBytes ? short : bareLetter(letter);
}

function header(name: string, text: string): RecordHeader {
  return { name: `penstock.${name}`, value: Buffer.from(text) };
}

/** The longest beginning of the text that fits without splitting a character. */
function truncate(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // 0b10xxxxxx is a continuation byte.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
