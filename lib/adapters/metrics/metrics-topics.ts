import { Counter, Gauge, type Registry } from "prom-client";
import { outcomeKinds, type OutcomeKind } from "../../rules/model/record.ts";
import { topicStates, type TopicState } from "../../rules/progress/status.ts";

/** What is counted by topic. Bounded: no label but the topics that are declared, their partitions and closed sets of words. */
export interface TopicMetrics {
  /** Counters of a topic that starts: at 0, so that a rate sees the first event. Those it has already go on. */
  startTopic(topic: string): void;
  recordsConsumed(topic: string, count: number): void;
  documents(topic: string, outcome: OutcomeKind, count: number): void;
  /** The lag of exactly the partitions this host owns; those given before and absent now lose their label. */
  setLag(topic: string, lagByPartition: ReadonlyMap<number, number>): void;
  /** Seconds until Kafka may delete what waits, of exactly the partitions where that is known and something is behind. */
  setRetentionLeft(topic: string, secondsByPartition: ReadonlyMap<number, number>): void;
  /** Documents by field that gave way, of a topic that was asked for; fields given before and absent now lose their label. */
  setIgnored(topic: string, documentsByField: ReadonlyMap<string, number>): void;
  /** One range that Kafka deleted. @param count its offsets; 0 where nobody can tell how many there were */
  rangeLost(topic: string, count: number): void;
  /** How many records were indexed in another form, by field, of every topic there is; others lose their labels. */
  setGaveWay(
    topics: Iterable<{ readonly topic: string; readonly gaveWay: Readonly<Record<string, number>> }>,
  ): void;
  /** The state of every topic there is. */
  setTopics(topics: Iterable<{ readonly topic: string; readonly state: TopicState }>): void;
  /**
   * Removes all labels of a topic that has stopped. What is counted for it afterwards is dropped, until it starts again:
   * an attempt that ends late must not bring its labels back for good.
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
  const registers = [registry];
  /** Counted here, and given labels when somebody asks: to find a counter by its labels costs more than to count. */
  const started = new Map<string, TopicCounts>();
  const consumed = new Counter({
    name: "penstock_records_consumed_total",
    help: "Records read from Kafka.",
    labelNames: ["topic"],
    registers: [],
    collect() {
      this.reset();
      for (const [topic, { consumed: count }] of started) this.inc({ topic }, count);
    },
  });
  const documents = new Counter({
    name: "penstock_documents_total",
    help: "Records whose outcome is known: indexed, duplicate, dead-lettered or skipped.",
    labelNames: ["topic", "outcome"],
    registers: [],
    collect() {
      this.reset();
      for (const [topic, { outcomes }] of started)
        for (const outcome of outcomeKinds) this.inc({ topic, outcome }, outcomes[outcome]);
    },
  });
  registry.registerMetric(consumed);
  registry.registerMetric(documents);
  const lag = new Gauge({
    name: "penstock_consumer_lag",
    help: "Last stable offset minus committed offset, of the partitions this host owns.",
    labelNames: ["topic", "partition"],
    registers,
  });
  const retentionLeft = new Gauge({
    name: "penstock_retention_left_seconds",
    help: "Until Kafka may delete the oldest record that is not acknowledged, by retention.ms; where that is known, of partitions that are behind.",
    labelNames: ["topic", "partition"],
    registers,
  });
  const offsetsLost = new Counter({
    name: "penstock_offsets_lost_total",
    help: "Offsets Kafka deleted before they were read.",
    labelNames: ["topic"],
    registers,
  });
  const rangesLost = new Counter({
    name: "penstock_lost_ranges_total",
    help: "Times that Kafka deleted what was not read yet, also where nobody can tell how many offsets that were.",
    labelNames: ["topic"],
    registers,
  });
  const fieldsGaveWay = new Counter({
    name: "penstock_fields_gave_way_total",
    help: "Records indexed in another form than their own, by the field that the mapping refused: at most 20 of a topic, then other; none where it named none.",
    labelNames: ["topic", "field"],
    registers,
  });
  const ignored = new Gauge({
    name: "penstock_ignored_documents",
    help: "Documents of the last hour that hold a field without being found by its name, by field: at most 20 of a topic, as Elasticsearch said within the last minutes.",
    labelNames: ["topic", "field"],
    registers,
  });
  const topics = new Gauge({
    name: "penstock_topics",
    help: "Topics by state.",
    labelNames: ["state"],
    registers,
  });
  const topicState = new Gauge({
    name: "penstock_topic_state",
    help: "1 for the state each topic is in; the other states of a topic have no series.",
    labelNames: ["topic", "state"],
    registers,
  });

  const setLag = bySecond(lag, (topic, partition: number) => ({ topic, partition }));
  const setRetentionLeft = bySecond(retentionLeft, (topic, partition: number) => ({ topic, partition }));
  const setIgnored = bySecond(ignored, (topic, field: string) => ({ topic, field }));
  const setTopics: TopicMetrics["setTopics"] = (all) => {
    const counts = new Map<TopicState, number>(topicStates.map((state) => [state, 0]));
    topicState.reset();
    for (const { topic, state } of all) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
      topicState.set({ topic, state }, 1);
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
      for (const state of topicStates) topicState.remove({ topic, state });
    },
  };
}

/** Sets a topic's values by a second label, and removes the labels that are not given any more. */
function bySecond<T extends string, K>(
  gauge: Gauge<T>,
  labelsOf: (topic: string, key: K) => Partial<Record<T, string | number>>,
): (topic: string, values: ReadonlyMap<K, number>) => void {
  /** What has a label, by topic: prom-client cannot remove by one label of two. */
  const labelled = new Map<string, readonly K[]>();
  return (topic, values) => {
    for (const key of labelled.get(topic) ?? []) if (!values.has(key)) gauge.remove(labelsOf(topic, key));
    for (const [key, value] of values) gauge.set(labelsOf(topic, key), value);
    if (values.size === 0) labelled.delete(topic);
    else labelled.set(topic, [...values.keys()]);
  };
}
