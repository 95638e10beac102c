import type { LogFields } from "../base/logger.ts";
import { mappingOf } from "../json/object.ts";

/** What an event is about, to filter by. */
export const historyKinds = [
  "host",
  "topics",
  "trouble",
  "recovery",
  "partitions",
  "declaration",
  "order",
  "replay",
  "settings",
] as const;
export type HistoryKind = (typeof historyKinds)[number];

/** Something that happened on a host. */
export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The name of the machine that told it. */
  readonly host: string;
  readonly kind: HistoryKind;
  /** The first topics that it concerns; empty: the whole host, or a pattern. */
  readonly topics: readonly string[];
  /** Whether it concerns more topics than it names. */
  readonly more: boolean;
  /** A constant message, the host's log line. */
  readonly text: string;
  /** The rest of the log line, shortened. */
  readonly fields: LogFields;
}

/**
 * The log lines that are worth remembering. Log and history are one account of what happens: nothing else makes events,
 * and a test compares these messages with the code that logs them.
 */
export const toldMessages: Readonly<Record<string, HistoryKind>> = {
  "the host started": "host",
  "the host stops": "host",
  reconciled: "topics",
  "a topic runs": "recovery",
  "a topic resumed": "recovery",
  "a source can be read again": "recovery",
  "the group is joined again": "recovery",
  "a topic waits": "topics",
  "a topic still waits to start": "trouble",
  "a topic stalled": "trouble",
  "a topic failed and will be restarted": "trouble",
  "a topic could not be reconciled": "trouble",
  "topics could not be reconciled": "trouble",
  "records were lost in Kafka": "trouble",
  "most topics were stopped at once: their declarations are gone": "trouble",
  "a source cannot be used; its last valid declarations stay active": "trouble",
  "no topic is read: the group is not joined": "trouble",
  "this host lost its partitions": "partitions",
  "a topic has other partitions": "partitions",
  "a declaration changed": "declaration",
  "more declarations changed": "declaration",
  "a declaration was edited": "declaration",
  "an edit was refused": "declaration",
  "a declaration is refused": "declaration",
  "a declaration is no longer refused": "declaration",
  "a topic is held": "order",
  "a partition was moved": "order",
  "a rebuild was ordered": "order",
  "a replay began": "replay",
  "a replay finished": "replay",
  "a replay failed": "replay",
  "settings changed": "settings",
};

/** Names in one event; log lines name at most some more. */
const MAX_TOPICS = 100;
/** Of text in an event's fields, and of lists in them. */
const MAX_TEXT = 500;
const MAX_ITEMS = 50;
const MAX_DEPTH = 4;

export interface EventContext {
  readonly at: number;
  readonly host: string;
  /** Removes known secrets from a text. */
  readonly hide: (text: string) => string;
}

/** The event of a log line; null if it is not worth remembering. */
export function eventOf(
  message: string,
  fields: LogFields,
  { at, host, hide }: EventContext,
): HistoryEvent | null {
  const kind = Object.hasOwn(toldMessages, message) ? toldMessages[message] : undefined;
  if (kind === undefined) return null;
  const { topic, topics, ...rest } = fields;
  const others = message === "reconciled" ? ["started", "stopped", "replaced"].map((name) => rest[name]) : [];
  const named = [topic, topics, ...others].flat().filter((name) => typeof name === "string");
  // The last item of a shortened list: see firstNames. It is no topic's name, which has no space.
  const names = named.filter((name) => !name.includes(" "));
  return {
    at,
    host,
    kind,
    topics: names.slice(0, MAX_TOPICS),
    more: names.length < named.length || names.length > MAX_TOPICS,
    text: message,
    fields: mappingOf(shortened(rest, hide)),
  };
}

/** @param depth how deep it lies in the fields */
function shortened(value: unknown, hide: EventContext["hide"], depth = 0): unknown {
  if (value instanceof Error) return shortened(value.message, hide, depth);
  if (typeof value === "string") {
    const text = hide(value);
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "…";
  const inner = (member: unknown): unknown => shortened(member, hide, depth + 1);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(inner);
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, member]) => [name, inner(member)]));
}

/** Whether it happened to the topic, or may have: a shortened list does not say. */
export function concerns({ topics, more }: HistoryEvent, topic: string): boolean {
  return more || topics.includes(topic);
}
