import { firstNames } from "../../../lib/rules/base/first-names.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";

/**
 * Logs the changes of topic states: waiting, running (with its partitions), stalled, resumed. It compares each snapshot
 * with the previous one, so no other code has to report. A change that is undone between two snapshots is not logged.
 */
export interface TopicJournal {
  look(statuses: readonly TopicStatus[]): void;
}

type Message =
  | "a topic waits"
  | "a topic runs"
  | "a topic stalled"
  | "a topic resumed"
  | "a topic has other partitions";

interface Seen {
  /** The last state worth a log line; starting and stopping are not. */
  readonly state: "pending" | "running" | "stalled" | "failed";
  readonly reason: string | null;
  readonly partitions: string;
}

/** More topics than this with the same change share one line. */
const LINES_AT_ONCE = 5;
/** Per topic and message, so that a flapping topic does not flood the log. */
const INTERVAL_MS = 30_000;

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
        if (state === "starting" || state === "stopping") continue;
        seen.set(topic, { state, reason, partitions: partitionsText(status) });
        const message = messageFor(before, status);
        const key = `${message} ${topic}`;
        if (message === null || now() - (told.get(key) ?? -Infinity) < INTERVAL_MS) continue;
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
function messageFor(before: Seen | undefined, after: TopicStatus): Message | null {
  const { state, reason } = after;
  const ran = before?.state === "running" || before?.state === "stalled";
  if (state === "pending")
    return before?.state === state && before.reason === reason ? null : "a topic waits";
  if (state === "stalled") return before?.state === state ? null : "a topic stalled";
  if (state !== "running") return null;
  if (before?.state === "stalled") return "a topic resumed";
  if (!ran) return "a topic runs";
  return before.partitions === partitionsText(after) ? null : "a topic has other partitions";
}

function write(logger: Logger, message: Message, topics: readonly TopicStatus[]): void {
  const level = message === "a topic stalled" ? "warn" : "info";
  if (topics.length > LINES_AT_ONCE) {
    const names = topics.map(({ topic }) => topic);
    logger[level](message, { topics: firstNames(names), count: names.length });
    return;
  }
  for (const status of topics) {
    const { topic, reason } = status;
    const isAboutPartitions = message === "a topic runs" || message === "a topic has other partitions";
    const partitions = isAboutPartitions ? { partitions: partitionsText(status) } : {};
    logger[level](message, { topic, ...partitions, ...(reason !== null && { reason }) });
  }
}

/** `0, 2 of 4`, `none of 4`. */
function partitionsText({ partitions }: TopicStatus): string {
  const owned = partitions.flatMap(({ partition, owned: isOurs }) => (isOurs ? [String(partition)] : []));
  return `${owned.length === 0 ? "none" : firstNames(owned).join(", ")} of ${partitions.length}`;
}
