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
  "a topic was released": "order",
  "a partition was moved": "order",
  "a rebuild was ordered": "order",
  "a replay began": "replay",
  "a proposed change was made before a replay": "replay",
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
/** Of all names in an event, and of all its fields, in characters. */
const MAX_SUM = 8_000;

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
  const more = names.length < named.length;
  return bounded({ at, host, kind, topics: names, more, text: message, fields: rest }, hide);
}

/** An event that was read: whoever may write to the topic may have written anything. */
export function boundedEvent(event: HistoryEvent): HistoryEvent {
  return bounded(event, (text) => text);
}

function bounded(event: HistoryEvent, hide: EventContext["hide"]): HistoryEvent {
  const { at, host, kind, topics, more, text, fields } = event;
  let room = MAX_SUM;
  const full = topics.findIndex((name, place) => place === MAX_TOPICS || (room -= name.length) < 0);
  return {
    at,
    host: cut(host),
    kind,
    topics: full < 0 ? topics : topics.slice(0, full),
    more: more || full >= 0,
    text: cut(text),
    fields: mappingOf(createShortening(hide)(fields)),
  };
}

/** Shortens a value, and its members as long as there is room for them. */
function createShortening(hide: EventContext["hide"]): (value: unknown, depth?: number) => unknown {
  let room = MAX_SUM;
  return function shortened(value, depth = 0): unknown {
    if (value instanceof Error) return shortened(value.message, depth);
    if (typeof value === "string") {
      const text = cut(hide(value), Math.min(MAX_TEXT, room));
      room -= text.length;
      return text;
    }
    room -= 1;
    if (typeof value !== "object" || value === null) return value;
    if (depth === MAX_DEPTH) return "…";
    const entries = Object.entries(value)
      .slice(0, MAX_ITEMS)
      .flatMap(([name, member]) => {
        if (room <= 0 || name.length > MAX_TEXT) return [];
        room -= name.length;
        return [[name, shortened(member, depth + 1)] as const];
      });
    return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
  };
}

/** A copy, because a mere part of a long text would keep the whole of it in memory. */
function cut(text: string, length = MAX_TEXT): string {
  if (text.length <= length) return text;
  const bytes = new TextEncoder().encode(text.slice(0, Math.max(0, length)));
  return `${new TextDecoder().decode(bytes)}…`;
}

/** Whether it happened to the topic, or may have: a shortened list does not say. */
export function concerns({ topics, more }: HistoryEvent, topic: string): boolean {
  return more || topics.includes(topic);
}
