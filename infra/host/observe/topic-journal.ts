import { firstNames } from "../../../lib/rules/base/first-names.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { remedyField } from "../../../lib/rules/remedies/remedy.ts";
import type { TopicState, TopicStatus } from "../../../lib/rules/progress/status.ts";

/**
 * Logs the changes of topic states: waiting, running (with its partitions), held, stalled, resumed; and why a topic does not
 * get beyond its start. It compares each snapshot with what was logged last, so no other code has to report, and the last
 * line of a topic is true in the end. A change that is undone before it is logged is not.
 */
export interface TopicJournal {
  look(statuses: readonly TopicStatus[]): void;
}

type Message =
  | "a topic waits"
  | "a topic still waits to start"
  | "a topic runs"
  | "a topic is held"
  | "a topic stalled"
  | "a topic resumed"
  | "a topic has other partitions";

interface Seen {
  /** The last state that needs no log line any more; stopping is none, and starting only once it was logged. */
  readonly state: Exclude<TopicState, "stopping">;
  readonly reason: string | null;
  readonly partitions: string;
}

/** More topics than this with the same change share one line. */
const LINES_AT_ONCE = 5;
/** Per topic and message, so that a flapping topic does not flood the log. */
const INTERVAL_MS = 30_000;
/** Most starts are faster. */
const STARTING_TOLD_AFTER_MS = 10_000;

/** @param now milliseconds since the epoch */
export function createTopicJournal(logger: Logger, now: () => number): TopicJournal {
  const seen = new Map<string, Seen>();
  const told = new Map<string, number>();

  return {
    look(statuses) {
      const due = new Map<Message, TopicStatus[]>();
      for (const status of statuses) {
        const { topic, state, reason } = status;
        const before = seen.get(topic);
        if (state === "stopping") continue;
        const message = messageFor(before, status, now());
        const key = `${message} ${topic}`;
        const isDue =
          message !== null &&
          (isAwaited(before, status) || now() - (told.get(key) ?? -Infinity) >= INTERVAL_MS);
        if (isDue || (message === null && state !== "starting"))
          seen.set(topic, { state, reason, partitions: partitionsText(status) });
        if (!isDue) continue;
        told.set(key, now());
        const some = due.get(message);
        if (some === undefined) due.set(message, [status]);
        else some.push(status);
      }
      for (const [message, topics] of due) write(logger, message, topics);
      forget(seen, new Set(statuses.map(({ topic }) => topic)));
      for (const [key, at] of told) if (now() - at >= INTERVAL_MS) told.delete(key);
    },
  };
}

/** Whether it follows a line that says that it waits, or an order: then it is logged however short ago the same was. */
function isAwaited(before: Seen | undefined, { state }: TopicStatus): boolean {
  if (before?.state === "starting" && state === "running") return true;
  return before?.state !== state && (before?.state === "held" || state === "held");
}

function forget(seen: Map<string, Seen>, present: ReadonlySet<string>): void {
  for (const topic of seen.keys()) if (!present.has(topic)) seen.delete(topic);
}

/** Failures are logged immediately by the code that starts the topic. */
function messageFor(before: Seen | undefined, after: TopicStatus, now: number): Message | null {
  const { state, reason } = after;
  const ran = before?.state === "running" || before?.state === "stalled";
  if (state === "pending")
    return before?.state === state && before.reason === reason ? null : "a topic waits";
  if (state === "starting") {
    if (reason === null || now - Date.parse(after.since) < STARTING_TOLD_AFTER_MS) return null;
    return before?.state === state && before.reason === reason ? null : "a topic still waits to start";
  }
  if (state === "held") return before?.state === state && before.reason === reason ? null : "a topic is held";
  if (state === "stalled") return before?.state === state ? null : "a topic stalled";
  if (state !== "running") return null;
  if (before?.state === "stalled") return "a topic resumed";
  if (!ran) return "a topic runs";
  return before.partitions === partitionsText(after) ? null : "a topic has other partitions";
}

function write(logger: Logger, message: Message, topics: readonly TopicStatus[]): void {
  const level = message === "a topic stalled" || message === "a topic still waits to start" ? "warn" : "info";
  if (topics.length > LINES_AT_ONCE) {
    const names = topics.map(({ topic }) => topic);
    const [reason = null, ...others] = new Set(topics.map((status) => status.reason));
    const shared = reason !== null && others.length === 0 ? { reason } : {};
    logger[level](message, { topics: firstNames(names), count: names.length, ...shared });
    return;
  }
  for (const status of topics) {
    const { topic, reason, remedy } = status;
    const isAboutPartitions = message === "a topic runs" || message === "a topic has other partitions";
    const partitions = isAboutPartitions ? { partitions: partitionsText(status) } : {};
    const why = reason === null ? {} : { reason, ...remedyField(remedy) };
    logger[level](message, { topic, ...partitions, ...why });
  }
}

/** `0, 2 of 4`, `none of 4`. */
function partitionsText({ partitions }: TopicStatus): string {
  const owned = partitions.flatMap(({ partition, owned: isOurs }) => (isOurs ? [String(partition)] : []));
  return `${owned.length === 0 ? "none" : firstNames(owned).join(", ")} of ${partitions.length}`;
}
