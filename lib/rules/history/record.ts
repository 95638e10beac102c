import { isObject } from "../json/object.ts";
import { isTopicName } from "../model/names.ts";
import type { OutcomeCounts } from "../progress/status.ts";
import { boundedEvent, historyKinds, type HistoryEvent } from "./event.ts";

/** What one topic did on one host within one step: its lag at the end (null: unknown), and its outcomes. */
export interface TopicStep extends OutcomeCounts {
  readonly topic: string;
  readonly lag: number | null;
}
export const outcomeNames = ["indexed", "duplicate", "deadLettered", "skipped"] as const;

/** A part of one host's figures of one step. Topics that moved nothing and have no lag are left out. */
export interface StepRecord {
  readonly kind: "step";
  /** Identifies the process. */
  readonly run: string;
  /** The beginning of the step, a multiple of its length; milliseconds since the epoch. */
  readonly at: number;
  readonly stepMs: number;
  /** Of several records with the topics of one step: its position. */
  readonly part: number;
  readonly topics: readonly TopicStep[];
}

/** Events of one host, told together. */
export interface EventsRecord {
  readonly kind: "events";
  readonly run: string;
  /** Counts the records of the process. */
  readonly seq: number;
  readonly events: readonly HistoryEvent[];
}

export type HistoryRecord = StepRecord | EventsRecord;

/** One step: a later version of the format gets another number, and is skipped by hosts that do not know it. */
const VERSION = 1;
/** Ours are smaller: a thousand topics with the longest names, or {@link EVENTS_CHARS} of events. */
const MAX_RECORD_BYTES = 512 * 1024;
/** Of the events of one record, unless it is a single one. */
const EVENTS_CHARS = 64 * 1024;
const MAX_RUN = 100;

/** The records of events that were told together: mostly one. @param seq of the first */
export function eventRecordsOf(run: string, seq: number, events: readonly HistoryEvent[]): EventsRecord[] {
  const groups: HistoryEvent[][] = [];
  let chars = Infinity;
  for (const event of events) {
    const own = JSON.stringify(event).length;
    chars += own;
    const current = groups.at(-1);
    if (current !== undefined && chars <= EVENTS_CHARS) {
      current.push(event);
      continue;
    }
    groups.push([event]);
    chars = own;
  }
  return groups.map((group, place) => ({ kind: "events", run, seq: seq + place, events: group }));
}

/** The record's value. Topics are lists of numbers, because a host with 1,000 of them writes one a minute. */
export function encodeRecord(record: HistoryRecord): string {
  const { run } = record;
  if (record.kind === "events")
    return JSON.stringify({ v: VERSION, run, seq: record.seq, events: record.events });
  const topics = record.topics.map((step) => [
    step.topic,
    step.lag,
    ...outcomeNames.map((name) => step[name]),
  ]);
  const { at, stepMs, part } = record;
  return JSON.stringify({ v: VERSION, run, at, stepMs, part, topics });
}

/** Null for anything that this version did not write: the topic may hold records of others, of any size and depth. */
export function parseRecord(bytes: Buffer): HistoryRecord | null {
  if (bytes.byteLength > MAX_RECORD_BYTES) return null;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return null;
  }
  if (!isObject(value) || value["v"] !== VERSION) return null;
  const { run, seq, events, at, stepMs, part, topics } = value;
  if (typeof run !== "string" || run.length > MAX_RUN) return null;
  if (Array.isArray(events) && isCount(seq))
    return { kind: "events", run, seq, events: events.filter(isEvent).map(boundedEvent) };
  if (!Array.isArray(topics) || !isCount(at) || !isCount(stepMs) || !isCount(part)) return null;
  return { kind: "step", run, at, stepMs, part, topics: topics.flatMap(stepOf) };
}

function stepOf(row: unknown): TopicStep[] {
  if (!Array.isArray(row)) return [];
  const [topic, lag, indexed, duplicate, deadLettered, skipped]: readonly unknown[] = row;
  if (typeof topic !== "string" || !isTopicName(topic) || !(lag === null || isCount(lag))) return [];
  if (!isCount(indexed) || !isCount(duplicate) || !isCount(deadLettered) || !isCount(skipped)) return [];
  return [{ topic, lag, indexed, duplicate, deadLettered, skipped }];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isEvent(value: unknown): value is HistoryEvent {
  if (!isObject(value)) return false;
  const { at, host, kind, topics, more, text, fields } = value;
  return (
    isCount(at) &&
    typeof host === "string" &&
    historyKinds.some((known) => known === kind) &&
    Array.isArray(topics) &&
    topics.every((topic) => typeof topic === "string") &&
    typeof more === "boolean" &&
    typeof text === "string" &&
    isObject(fields)
  );
}
