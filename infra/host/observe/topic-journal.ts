import { firstNames } from "../../../lib/rules/base/first-names.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { remedyField } from "../../../lib/rules/remedies/remedy.ts";
import type { TopicState, TopicStatus } from "../../../lib/rules/progress/status.ts";

/**
 * Logs the changes of topic states: waiting, running (with its partitions), held, stalled, resumed; and why a topic does not
 * get beyond its start. It compares each snapshot with the previous one, so no other code has to report. A change that is
 * undone between two snapshots is not logged.
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
  /** The last state worth a log line; stopping is not, and starting only once it was logged. */
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
        // Otherwise the log would end with a topic that waits, although it runs.
        const isAnswer = before?.state === "starting" && state === "running";
        const isDue = message !== null && (isAnswer || now() - (told.get(key) ?? -Infinity) >= INTERVAL_MS);
        if (state !== "starting" || isDue)
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
