import { isResolvedIndex, isTopicName } from "../model/names.ts";
import type { RecordHeader, SourceRecord } from "../model/record.ts";

/** A dead letter, read back: the rejected record as it was, and why it was rejected. */
export interface ReadDeadLetter {
  /** The topic the record came from. */
  readonly topic: string;
  /** As read from that topic; its value is null if it did not fit into the letter. */
  readonly record: SourceRecord;
  readonly valueOmitted: boolean;
  /** Present if the letter is for a whole record batch, from its record's offset up to but not including `end`. */
  readonly batch?: { readonly end: number; readonly records: number };
  /** The index it was meant for; contains a date placeholder if its time could not be used. */
  readonly index: string;
  readonly status: number;
  readonly error: { readonly type: string; readonly reason: string };
  /** How often it was tried, from 1. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly failedAt: number;
}

export type DeadLetterReading =
  | { readonly kind: "letter"; readonly letter: ReadDeadLetter }
  /** Not a letter of ours; the reason is one sentence. */
  | { readonly kind: "foreign"; readonly reason: string };

const PREFIX = "penstock.";
/** A record batch counts its offsets in 31 bits. */
const MAX_BATCH_OFFSETS = 2 ** 31 - 1;
/** Ours are shorter. Others who may write to the topic could send headers of megabytes, and samples are kept. */
const maxHeaderBytes = 4 * 1024;

/** Reads a record of the dead-letter topic, or any record that looks like a letter. */
export function readDeadLetter({
  key,
  value,
  headers,
  setAside,
}: Pick<SourceRecord, "key" | "value" | "headers" | "setAside">): DeadLetterReading {
  if (setAside !== undefined) return foreign(setAside.reason);
  // Our headers follow the record's own, starting with this one. The record itself may have had such headers already.
  const first = headers.findLastIndex(({ name }) => name === `${PREFIX}topic`);
  if (first < 0) return foreign("it has no header penstock.topic");
  const about = new Map<string, string>();
  for (const { name, value: text } of headers.slice(first)) {
    if (name.startsWith(PREFIX))
      about.set(name.slice(PREFIX.length), (text ?? Buffer.alloc(0)).toString("utf8", 0, maxHeaderBytes));
  }
  // A tool that copied the letter may have added headers after ours.
  const own = [...headers.slice(0, first), ...headers.slice(first).filter(isNotOurs)];

  const topic = about.get("topic") ?? "";
  const index = about.get("index") ?? "";
  const failedAt = Date.parse(about.get("failed-at") ?? "");
  const numbers = {
    partition: wholeNumber(about.get("partition")),
    offset: wholeNumber(about.get("offset")),
    timestamp: wholeNumber(about.get("timestamp")),
    status: wholeNumber(about.get("status")),
    attempts: wholeNumber(about.get("attempts")),
  };
  const { partition, offset, timestamp, status, attempts } = numbers;
  if (!isTopicName(topic)) return foreign(wrong("topic", about));
  if (!isResolvedIndex(index)) return foreign(wrong("index", about));
  if (partition === null || partition < 0) return foreign(wrong("partition", about));
  if (offset === null || offset < 0) return foreign(wrong("offset", about));
  if (timestamp === null) return foreign(wrong("timestamp", about));
  if (status === null) return foreign(wrong("status", about));
  if (attempts === null) return foreign(wrong("attempts", about));
  if (Number.isNaN(failedAt)) return foreign(wrong("failed-at", about));
  const last = wholeNumber(about.get("last-offset"));
  const records = wholeNumber(about.get("records"));
  if (last !== null && (last < offset || last - offset > MAX_BATCH_OFFSETS))
    return foreign(wrong("last-offset", about));
  if (last !== null && (records === null || records < 1 || records > last - offset + 1))
    return foreign(wrong("records", about));
  return {
    kind: "letter",
    letter: {
      topic,
      record: { partition, offset, timestamp, key, value, headers: own },
      valueOmitted: about.get("value") === "omitted",
      ...(last !== null && records !== null && { batch: { end: last + 1, records } }),
      index,
      status,
      error: { type: about.get("error.type") ?? "unknown", reason: about.get("error.reason") ?? "" },
      attempts,
      failedAt,
    },
  };
}

function isNotOurs({ name }: RecordHeader): boolean {
  return !name.startsWith(PREFIX);
}

function wholeNumber(text: string | undefined): number | null {
  if (text === undefined || !/^-?\d{1,20}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

function foreign(reason: string): DeadLetterReading {
  return { kind: "foreign", reason };
}

function wrong(name: string, about: ReadonlyMap<string, string>): string {
  const text = about.get(name);
  return text === undefined
    ? `it has no header ${PREFIX}${name}`
    : `its header ${PREFIX}${name} is ${JSON.stringify(text.slice(0, 80))}`;
}
