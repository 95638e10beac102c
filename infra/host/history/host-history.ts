import { hostname } from "node:os";
import manifest from "../../../package.json" with { type: "json" };
import type { KafkaLinks } from "../../../lib/adapters/kafka/client/links.ts";
import { createHistoryLink, type HistoryLink } from "../../../lib/adapters/kafka/history/history-link.ts";
import type {
  HistoryTopicOptions,
  HistoryWriter,
} from "../../../lib/adapters/kafka/history/history-topic.ts";
import type { HistoryPositions } from "../../../lib/adapters/kafka/history/read-history.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { HistoryEvent } from "../../../lib/rules/history/event.ts";
import type { EventFilter } from "../../../lib/rules/history/event-log.ts";
import { HistoryStore } from "../../../lib/rules/history/history-store.ts";
import { encodeRecord, type HistoryRecord, eventRecordsOf } from "../../../lib/rules/history/record.ts";
import { COARSE_STEP_MS, FINE_STEP_MS, type PastSeries } from "../../../lib/rules/history/series-store.ts";
import { settingsChanges } from "../../../lib/rules/history/settings-changes.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import { sameSettings } from "../../../lib/rules/plan/accept-settings.ts";
import { deadline, type Time } from "../../../lib/rules/base/time.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { createOutbox } from "./outbox.ts";
import { createStepCounter } from "./step-counter.ts";
import { createToldLogger } from "./told-logger.ts";

/** What happened on the hosts of this group, and their figures, for the last days. */
export interface HostHistory {
  /** Writes as the one given; what it is told that matters becomes part of the history. */
  readonly logger: Logger;
  /** Begins to write the figures of these topics, and to read what was there before. */
  start(statuses: () => readonly TopicStatus[]): void;
  /** Tells which settings change. */
  changing(before: Settings, after: Settings): void;
  /** The newest events, newest first, of all hosts as far as Kafka answers. */
  events(filter: EventFilter, size: number): Promise<readonly HistoryEvent[]>;
  /** @param topic null: all topics */
  series(topic: string | null, spanMs: number): Promise<PastSeries>;
  /** Why something may be missing; null if nothing is. */
  readonly problem: string | null;
  /** Writes what is left, while the topics still are there. Later events are not kept. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface HostHistoryDeps {
  readonly logger: Logger;
  /** Identifies the process. */
  readonly run: string;
  readonly time: Time;
  readonly links: KafkaLinks;
  settings(this: void): Settings;
  /** Hides secrets in a text, as the log does. */
  hide(this: void, text: string): string;
}

/** Events of one second are written together. */
const GATHER_MS = 1_000;
/** Records of the last minute have arrived by then. */
const AFTER_MINUTE_MS = 500;
/** How old the other hosts' part may be when somebody looks. */
const FRESH_MS = 5_000;
/** How long an answer waits for what the other hosts wrote. */
const ANSWER_MS = 4_000;
/** Of the first reading, which may be some MB. */
const READ_MS = 120_000;
/** What nobody looks at is read now and then, so that it is not much once somebody does. */
const READ_EVERY_MS = COARSE_STEP_MS;
/** Memory-only history of a host without `history`. */
const DEFAULT_KEEP_MS = 7 * 86_400_000;
const LAST_WRITE_MS = 1_000;

export function createHostHistory(
  deps: HostHistoryDeps,
  link: HistoryLink = createHistoryLink(deps.links, deps.time),
): HostHistory {
  const { run, time } = deps;
  const now = () => time.now();
  const life = new AbortController();
  let store = new HistoryStore(now(), deps.settings().history?.keepMs ?? DEFAULT_KEEP_MS);
  const counter = createStepCounter(run);
  let statuses: (() => readonly TopicStatus[]) | null = null;
  let told: HistoryEvent[] = [];
  let seq = 0;
  let gathering: ReturnType<typeof setTimeout> | null = null;
  let minutes: ReturnType<typeof setTimeout> | null = null;

  let target: { readonly options: HistoryTopicOptions; readonly writer: HistoryWriter } | null = null;
  /** What `store` and `positions` belong to; null before there was a target. */
  let kept: readonly unknown[] | null = null;
  let positions: HistoryPositions | null = null;
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;
  let readProblem: string | null = null;
  /** When a reading left out the oldest part; what it left out is too old some day. */
  let cutAt = -Infinity;

  /** Follows the settings: another cluster or topic is another history; another password is not. */
  const currentTarget = () => {
    const { kafka, history } = deps.settings();
    if (
      target !== null &&
      history !== null &&
      sameSettings([target.options.kafka, target.options.history], [kafka, history])
    )
      return target;
    target?.writer.close().catch((error: unknown) => {
      deps.logger.debug("the history's producer could not be closed", { error: messageOf(error) });
    });
    readAt = -Infinity;
    if (history === null) return (target = null);
    const place = [kafka.brokers, kafka.group, history.topic, history.keepMs];
    if (kept !== null && !sameSettings(kept, place)) {
      store = new HistoryStore(now(), history.keepMs);
      positions = null;
      cutAt = -Infinity;
    }
    kept = place;
    const options = { kafka, history, logger: deps.logger };
    target = { options, writer: link.openWriter(options) };
    return target;
  };
  const outbox = createOutbox({ time, writer: () => currentTarget()?.writer ?? null, logger: deps.logger });

  const keep = (records: readonly HistoryRecord[]): void => {
    for (const record of records) store.add(record, now());
    outbox.put(
      records.map((record) => ({
        lane: record.kind === "step" && record.stepMs === FINE_STEP_MS ? "minutes" : "lasting",
        value: encodeRecord(record),
      })),
    );
  };
  const keepTold = (): void => {
    if (gathering !== null) clearTimeout(gathering);
    gathering = null;
    if (told.length === 0) return;
    const records = eventRecordsOf(run, seq, told);
    seq += records.length;
    keep(records);
    told = [];
  };
  const tell = (event: HistoryEvent): void => {
    told.push(event);
    gathering ??= setTimeout(() => {
      keepTold();
      void outbox.flush(life.signal);
    }, GATHER_MS);
  };
  const countUntil = (minute: number): void => {
    if (statuses !== null) keep(counter.count(statuses(), minute));
  };
  const minuteOf = (ms: number): number => Math.floor(ms / FINE_STEP_MS) * FINE_STEP_MS;

  const eachMinute = (): void => {
    const wait = FINE_STEP_MS - (now() % FINE_STEP_MS) + AFTER_MINUTE_MS;
    minutes = setTimeout(() => {
      try {
        countUntil(minuteOf(now()) - FINE_STEP_MS);
      } catch (error) {
        // A bug in a timer callback must not end the process.
        deps.logger.error("the figures of a minute were not kept", { error: messageOf(error) });
      }
      void outbox.flush(life.signal);
      if (now() - readAt >= READ_EVERY_MS) void read();
      eachMinute();
    }, wait);
  };

  /** Reads on what all hosts wrote. Never rejects. */
  const read = (): Promise<void> => {
    reading ??= readOnce().finally(() => void (reading = null));
    return reading;
  };
  const readOnce = async (): Promise<void> => {
    try {
      using limit = deadline(time, READ_MS, life.signal);
      const from = currentTarget();
      if (from === null) return;
      const into = store;
      const { positions: next, isCut } = await link.read(
        from.options,
        { positions, ...store.reach(now()), nowMs: now() },
        (record) => into.add(record, now()),
        limit.signal,
      );
      if (into === store) {
        positions = next;
        if (isCut) cutAt = now();
      }
      readProblem = null;
      readAt = now();
    } catch (error) {
      // Before the first host wrote, there is nothing to read.
      const isNew = error instanceof PenstockError && error.code === "topic_missing";
      readProblem = isNew ? null : messageOf(error);
      deps.logger.debug("the history could not be read", { error: messageOf(error) });
    }
  };
  const refresh = async (): Promise<void> => {
    if (now() - readAt < FRESH_MS) return;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, ANSWER_MS);
    await Promise.race([read(), limit.promise]);
    clearTimeout(timer);
  };

  const logger = createToldLogger(deps.logger, { host: hostname(), now, hide: deps.hide }, tell);

  return {
    logger,
    changing(before, after) {
      const changes = settingsChanges(before, after);
      if (changes.length > 0) logger.info("settings changed", { changes });
    },
    start(current) {
      logger.info("the host started", { version: manifest.version });
      statuses = current;
      eachMinute();
      void read();
    },
    async events(filter, size) {
      keepTold();
      // The other hosts wait for them too.
      void outbox.flush(life.signal);
      await refresh();
      return store.events(filter, size, now());
    },
    async series(topic, spanMs) {
      await refresh();
      return store.series(topic, spanMs, now());
    },
    get problem() {
      if (deps.settings().history === null) return "history.enabled is false: it is kept in memory only.";
      if (outbox.problem !== null)
        return `It is kept in memory only, because Kafka refuses it: ${outbox.problem}`;
      if (readProblem !== null)
        return `What other hosts and earlier runs wrote cannot be read: ${readProblem}`;
      if (reading !== null && positions === null) return "It is being read from Kafka.";
      if (now() - cutAt < (deps.settings().history?.keepMs ?? DEFAULT_KEEP_MS))
        return "Its oldest part is missing: Kafka holds more than a host reads at its start.";
      return null;
    },
    async finish() {
      if (statuses === null) return;
      if (minutes !== null) clearTimeout(minutes);
      countUntil(minuteOf(now()));
      keep(counter.rest());
      keepTold();
      using limit = deadline(time, LAST_WRITE_MS);
      await outbox.flush(limit.signal);
    },
    async close() {
      life.abort(new Error("the host is stopping"));
      if (gathering !== null) clearTimeout(gathering);
      await Promise.all([reading, target?.writer.close()]);
    },
  };
}
