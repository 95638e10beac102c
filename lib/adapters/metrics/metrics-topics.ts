import type { Gauge, Registry } from "prom-client";
import { outcomeKinds, type OutcomeKind } from "../../rules/model/record.ts";
import { topicStates, type TopicState, type TopicStatus } from "../../rules/progress/status.ts";
import { metricsOf } from "./metrics-of.ts";

/** The metrics of each topic. Labels are bounded: declared topics, partitions, capped fields and fixed sets. */
export interface TopicMetrics {
  /** Creates the topic's counters at 0, so that a rate sees the first event. Existing counters continue. */
  startTopic(topic: string): void;
  recordsConsumed(topic: string, count: number): void;
  documents(topic: string, outcome: OutcomeKind, count: number): void;
  /** Sets the lag of exactly the partitions this host owns; the others lose their label. */
  setLag(topic: string, lagByPartition: ReadonlyMap<number, number>): void;
  /** Sets the seconds until Kafka may delete unread records, of exactly the partitions that are behind, if known. */
  setRetentionLeft(topic: string, secondsByPartition: ReadonlyMap<number, number>): void;
  /** Sets the number of documents per ignored field of the topic; fields no longer given lose their label. */
  setIgnored(topic: string, documentsByField: ReadonlyMap<string, number>): void;
  /** Counts one range that Kafka deleted. @param count its offsets; 0 if unknown */
  rangeLost(topic: string, count: number): void;
  /** Sets how many records were indexed in a modified form, by field, of all topics; others lose their labels. */
  setGaveWay(
    topics: Iterable<{ readonly topic: string; readonly gaveWay: Readonly<Record<string, number>> }>,
  ): void;
  /** Sets the state of all topics, and since when those in trouble are. */
  setTopics(
    topics: Iterable<Pick<TopicStatus, "topic" | "state"> & Partial<Pick<TopicStatus, "trouble">>>,
  ): void;
  /**
   * Removes all labels of a stopped topic. Later counts are dropped until it starts again: an attempt that ends late
   * must not bring the labels back for good.
   */
  forgetTopic(topic: string): void;
}

class TopicCounts {
  consumed = 0;
  readonly outcomes: Record<OutcomeKind, number> = {
    indexed: 0,
    duplicate: 0,
    "dead-lettered": 0,
    skipped: 0,
  };
}

export function registerTopicMetrics(registry: Registry): TopicMetrics {
  const { counter, gauge } = metricsOf(registry);
  /** Read at scrape time: looking up a counter by its labels costs more than counting. */
  const started = new Map<string, TopicCounts>();
  counter("penstock_records_consumed_total", "Records read from Kafka.", ["topic"], function () {
    this.reset();
    for (const [topic, { consumed }] of started) this.inc({ topic }, consumed);
  });
  const documentsHelp = "Records whose outcome is known: indexed, duplicate, dead-lettered or skipped.";
  counter("penstock_documents_total", documentsHelp, ["topic", "outcome"], function () {
    this.reset();
    for (const [topic, { outcomes }] of started)
      for (const outcome of outcomeKinds) this.inc({ topic, outcome }, outcomes[outcome]);
  });
  const lag = gauge(
    "penstock_consumer_lag",
    "Last stable offset minus committed offset, of the partitions this host owns.",
    ["topic", "partition"],
  );
  const retentionLeft = gauge(
    "penstock_retention_left_seconds",
    "Time until Kafka may delete the oldest unacknowledged record (retention.ms); only if known, and behind or in trouble.",
    ["topic", "partition"],
  );
  const offsetsLost = counter("penstock_offsets_lost_total", "Offsets Kafka deleted before they were read.", [
    "topic",
  ]);
  const rangesLost = counter(
    "penstock_lost_ranges_total",
    "Times that Kafka deleted unread records, even if the number of offsets is unknown.",
    ["topic"],
  );
  const fieldsGaveWay = counter(
    "penstock_fields_gave_way_total",
    "Records indexed in a modified form, by refused field: up to 20 per topic, then other; none if unnamed.",
    ["topic", "field"],
  );
  const ignored = gauge(
    "penstock_ignored_documents",
    "Documents of the last hour with a stored but unsearchable field: up to 20 per topic, updated every few minutes.",
    ["topic", "field"],
  );
  const topics = gauge("penstock_topics", "Topics by state.", ["state"]);
  const topicState = gauge(
    "penstock_topic_state",
    "1 for the current state of each topic; its other states have no series.",
    ["topic", "state"],
  );

  const troubled = gauge(
    "penstock_topic_trouble_timestamp_seconds",
    "When a topic's records were first refused, or it failed; only topics in trouble, also running ones.",
    ["topic"],
  );

  const setLag = bySecond(lag, (topic, partition: number) => ({ topic, partition }));
  const setRetentionLeft = bySecond(retentionLeft, (topic, partition: number) => ({ topic, partition }));
  const setIgnored = bySecond(ignored, (topic, field: string) => ({ topic, field }));
  const setTopics: TopicMetrics["setTopics"] = (all) => {
    const counts = new Map<TopicState, number>(topicStates.map((state) => [state, 0]));
    topicState.reset();
    troubled.reset();
    for (const { topic, state, trouble = null } of all) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
      topicState.set({ topic, state }, 1);
      if (trouble !== null) troubled.set({ topic }, Math.floor(Date.parse(trouble.since) / 1000));
    }
    for (const [state, count] of counts) topics.set({ state }, count);
  };
  setTopics([]);

  return {
    startTopic(topic) {
      if (!started.has(topic)) started.set(topic, new TopicCounts());
      offsetsLost.inc({ topic }, 0);
      rangesLost.inc({ topic }, 0);
    },
    recordsConsumed(topic, count) {
      const counts = started.get(topic);
      if (counts !== undefined) counts.consumed += count;
    },
    documents(topic, outcome, count) {
      const counts = started.get(topic);
      if (counts !== undefined) counts.outcomes[outcome] += count;
    },
    rangeLost(topic, count) {
      if (!started.has(topic)) return;
      rangesLost.inc({ topic });
      offsetsLost.inc({ topic }, count);
    },
    setLag,
    setRetentionLeft,
    setIgnored(topic, documentsByField) {
      if (started.has(topic)) setIgnored(topic, documentsByField);
    },
    setTopics,
    setGaveWay(all) {
      fieldsGaveWay.reset();
      for (const { topic, gaveWay } of all)
        for (const [field, count] of Object.entries(gaveWay)) fieldsGaveWay.inc({ topic, field }, count);
    },
    forgetTopic(topic) {
      started.delete(topic);
      setLag(topic, new Map());
      setRetentionLeft(topic, new Map());
      setIgnored(topic, new Map());
      offsetsLost.remove({ topic });
      rangesLost.remove({ topic });
      troubled.remove({ topic });
      for (const state of topicStates) topicState.remove({ topic, state });
    },
  };
}

/** Sets a topic's values by a second label, and removes labels that are no longer given. */
function bySecond<T extends string, K>(
  gauge: Gauge<T>,
  labelsOf: (topic: string, key: K) => Partial<Record<T, string | number>>,
): (topic: string, values: ReadonlyMap<K, number>) => void {
  /** The current labels by topic: prom-client cannot remove by one label of two. */
  const labelled = new Map<string, readonly K[]>();
  return (topic, values) => {
    for (const key of labelled.get(topic) ?? []) if (!values.has(key)) gauge.remove(labelsOf(topic, key));
    for (const [key, value] of values) gauge.set(labelsOf(topic, key), value);
    if (values.size === 0) labelled.delete(topic);
    else labelled.set(topic, [...values.keys()]);
  };
}
