import type { ExplainRecordInput, RecordExplanation } from "../../../../functions/explain-record.ts";
import {
  listKafkaTopics,
  type ListKafkaTopicsInput,
  type ListKafkaTopicsResult,
} from "../../../../functions/list-kafka-topics.ts";
import {
  readRecords,
  type ReadRecordsInput,
  type ReadRecordsResult,
} from "../../../../functions/read-records.ts";
import { countOffsets, listTopics } from "../../../../lib/adapters/kafka/inspection/list-topics.ts";
import { readStretch } from "../../../../lib/adapters/kafka/inspection/read-stretch.ts";
import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { createKafkaOffsets } from "../../../../lib/adapters/kafka/queries/offsets.ts";
import { createKafkaDecoder } from "../../../../lib/adapters/kafka/records/kafka-decoder.ts";
import { isHistoryTopic } from "../../../../lib/rules/model/names.ts";
import type { KafkaSettings } from "../../../../lib/rules/model/settings.ts";
import { UnderWay } from "../../http/kit/under-way.ts";
import { explainWith, type ExplainServiceDeps } from "./explain.ts";

/** Shows what lies in Kafka, and what became of it. */
export interface RecordService {
  /** Whether the topic is declared, runs here, or is one of Penstock's own. */
  isOurs(topic: string): boolean;
  /**
   * @param signal aborted if the client disconnects
   * @throws PenstockError as `readRecords`; `deadline_exceeded`, or `stopping` if the host stops first
   */
  records(input: ReadRecordsInput, signal: AbortSignal): Promise<ReadRecordsResult>;
  /** @throws PenstockError as `explainRecord`, and like `records` */
  explain(place: Omit<ExplainRecordInput, "spec">, signal: AbortSignal): Promise<RecordExplanation>;
  /** @throws PenstockError as `listKafkaTopics`, and like `records` */
  topics(input: ListKafkaTopicsInput, signal: AbortSignal): Promise<ListKafkaTopicsResult>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface RecordServiceDeps extends ExplainServiceDeps {
  /** Connections that nobody else uses. */
  openWire(kafka: KafkaSettings): KafkaWire;
}

const RECORDS_MS = 10_000;
/** It looks through dead letters, too, and watches the pace of a topic. */
const EXPLAIN_MS = 25_000;

export function createRecordService(deps: RecordServiceDeps): RecordService {
  const kafka = (): KafkaSettings => deps.settings().kafka;
  const questions = new UnderWay();
  /** Asks within a time limit, over connections of its own. */
  const ask = <T>(
    limitMs: number,
    signal: AbortSignal,
    question: (wire: KafkaWire, until: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    questions.within(limitMs, signal, `there was no answer within ${limitMs / 1_000} s`, async (until) => {
      const wire = deps.openWire(kafka());
      try {
        return await question(wire, until);
      } finally {
        await wire.close();
      }
    });
  const isDeclared = (topic: string): boolean => deps.pool.topics.has(topic);
  const isOwn = (topic: string): boolean =>
    topic === deps.settings().deadLetters.topic || isHistoryTopic(topic);
  return {
    isOurs: (topic) => isDeclared(topic) || isOwn(topic),
    topics: (input, signal) =>
      ask(RECORDS_MS, signal, (wire, until) =>
        listKafkaTopics(input, {
          isDeclared,
          isOwn,
          topics: () => listTopics(wire, until),
          countOffsets: (topics) => countOffsets(wire, topics, until),
        }),
      ),
    records: (input, signal) =>
      ask(RECORDS_MS, signal, (wire, until) => {
        const decoder = createKafkaDecoder({ maxBatchBytes: kafka().maxBatchBytes });
        const offsets = createKafkaOffsets(kafka(), deps.logger, wire);
        return readRecords(input, {
          readStretch: (wanted) => readStretch(wanted, { wire, decoder, inTurn: deps.inTurn }, until),
          offsetsAt: (topic, atMs) => offsets.at(topic, atMs, until),
        });
      }),
    explain: (place, signal) =>
      ask(EXPLAIN_MS, signal, (wire, until) => explainWith(place, deps, wire, until)),
    stop: () => questions.stop(),
  };
}
