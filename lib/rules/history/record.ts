import { isObject } from "../json/object.ts";
import { historyKinds, type HistoryEvent } from "./event.ts";

/** What one topic did on one host within one step: its lag at the end (null: unknown), and its outcomes. */
export interface TopicStep {
  readonly topic: string;
  readonly lag: number | null;
  readonly indexed: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly skipped: number;
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

/** Null for anything that this version did not write: the topic may hold records of others. */
export function parseRecord(text: string): HistoryRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || value["v"] !== VERSION) return null;
  const { run, seq, events, at, stepMs, part, topics } = value;
  if (typeof run !== "string") return null;
  if (Array.isArray(events) && isCount(seq))
    return { kind: "events", run, seq, events: events.filter(isEvent) };
  if (!Array.isArray(topics) || !isCount(at) || !isCount(stepMs) || !isCount(part)) return null;
  return { kind: "step", run, at, stepMs, part, topics: topics.flatMap(stepOf) };
}

function stepOf(row: unknown): TopicStep[] {
  if (!Array.isArray(row)) return [];
  const [topic, lag, indexed, duplicate, deadLettered, skipped]: readonly unknown[] = row;
  if (typeof topic !== "string" || !(lag === null || isCount(lag))) return [];
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
