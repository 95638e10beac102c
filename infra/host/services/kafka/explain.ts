import { setTimeout as delay } from "node:timers/promises";
import {
  explainRecord,
  type ExplainRecordDeps,
  type ExplainRecordInput,
  type RecordExplanation,
} from "../../../../functions/explain-record.ts";
import { readDeadLetters } from "../../../../functions/replay-dead-letters/read-dead-letters.ts";
import { searchFailures, type SearchFailuresDeps } from "../../../../functions/search-failures.ts";
import type { Elasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { searchText } from "../../../../lib/adapters/elasticsearch/search.ts";
import type { SentBefore } from "../../../../lib/adapters/elasticsearch/sent/sent-before.ts";
import { openRecordDocuments } from "../../../../lib/adapters/elasticsearch/topic-snapshot/record-documents.ts";
import type { BatchDecoding } from "../../../../lib/adapters/kafka/inspection/batch-entries.ts";
import { readStretch } from "../../../../lib/adapters/kafka/inspection/read-stretch.ts";
import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { createKafkaOffsets } from "../../../../lib/adapters/kafka/queries/offsets.ts";
import type { RecordReader } from "../../../../lib/adapters/kafka/queries/record-reader.ts";
import { createKafkaDecoder } from "../../../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import type { ReadDeadLetter } from "../../../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { FailureStores } from "../../../../lib/rules/dead-letters/failure-stores.ts";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import type { Settings } from "../../../../lib/rules/model/settings.ts";
import { parseQuery } from "../../../../lib/rules/search/grammar/parse.ts";
import { parseCommitNote } from "../../../../lib/rules/offsets/checkpoint.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";

/** What the host knows, and its clients, which may be replaced. */
export interface ExplainServiceDeps {
  /** The current settings. */
  settings(): Settings;
  readonly elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">;
  readonly surveyFailureStores: FailureStores["survey"];
  readonly sentBefore: (spec: Specification) => Pick<SentBefore, "indices">;
  readonly currentOwners: ExplainRecordDeps["currentOwners"];
  /** The topics of this host. */
  readonly pool: { statuses(): readonly TopicStatus[]; readonly topics: ReadonlyMap<string, unknown> };
  /** Batches are decoded in the turns of those that are indexed. */
  readonly inTurn: BatchDecoding["inTurn"];
  readonly logger: Logger;
  /** With the current settings, and the logins that all clients of the host share. */
  readonly openReader: () => RecordReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Limits of the look for one letter: roughly this many of the newest, and this long. */
const LETTERS = 50_000;
const LETTERS_MS = 8_000;
const SEARCH_MS = 10_000;

/** Puts together what answers the question for one record. @throws PenstockError as `explainRecord` */
export async function explainWith(
  place: Omit<ExplainRecordInput, "spec">,
  deps: ExplainServiceDeps,
  wire: KafkaWire,
  signal: AbortSignal,
): Promise<RecordExplanation> {
  const { topic, partition, offset } = place;
  const { kafka } = deps.settings();
  const statusOf = () => deps.pool.statuses().find((status) => status.topic === topic) ?? null;
  const spec = statusOf()?.spec ?? null;
  const decoder = createKafkaDecoder({ maxBatchBytes: kafka.maxBatchBytes });
  const offsets = createKafkaOffsets(kafka, deps.logger, wire);
  const input = { ...place, spec };
  return explainRecord(input, {
    signal,
    now: deps.now,
    currentOwners: deps.currentOwners,
    wait: (ms) => delay(ms, undefined, { signal }),
    readStretch: () =>
      readStretch({ topic, partition, offset, limit: 1 }, { wire, decoder, inTurn: deps.inTurn }, signal),
    async committed() {
      const told = (await offsets.committed(kafka.group, topic, signal)).get(partition);
      return { offset: told?.offset ?? null, marks: parseCommitNote(told?.metadata ?? null).marks };
    },
    standing() {
      const status = statusOf();
      if (status === null) return null;
      const { state, reason, hold } = status;
      const own = status.partitions.find((one) => one.partition === partition);
      return { state, reason, hold, owned: own?.owned ?? false, sent: own?.sent ?? null };
    },
    openDocuments: (index) => openRecordDocuments(deps.elasticsearch, { topic, index, cursors: 1 }, signal),
    indices: spec === null ? null : deps.sentBefore(spec).indices,
    findLetter: (timestamp) => findLetter(place, timestamp, deps, signal),
    findFailure: (id) =>
      spec === null ? Promise.resolve({ failure: null, problems: [] }) : findFailure(id, spec, deps, signal),
  });
}

async function findLetter(
  { topic, partition, offset }: Omit<ExplainRecordInput, "spec">,
  timestamp: number | null,
  deps: ExplainServiceDeps,
  signal: AbortSignal,
): ReturnType<ExplainRecordDeps["findLetter"]> {
  const { deadLetters } = deps.settings();
  let found: ReadDeadLetter | null = null;
  const isMeant = ({ topic: of, record, batch }: ReadDeadLetter): boolean =>
    of === topic &&
    record.partition === partition &&
    (batch === undefined ? record.offset === offset : record.offset <= offset && offset < batch.end) &&
    (batch !== undefined || timestamp === null || record.timestamp === timestamp);
  const { complete } = await readDeadLetters(
    { topic: deadLetters.topic, filter: { topic, error: null, sinceMs: null }, newest: LETTERS },
    {
      reader: deps.openReader(),
      onProgress: () => {},
      onLetter(letter) {
        if (isMeant(letter) && letter.failedAt >= (found?.failedAt ?? 0)) found = letter;
      },
      signal,
      deadline: AbortSignal.timeout(LETTERS_MS),
    },
    () => Promise.resolve(),
  );
  return { letter: found, complete };
}

async function findFailure(
  id: string,
  spec: Specification,
  { elasticsearch, surveyFailureStores, now }: ExplainServiceDeps,
  signal: AbortSignal,
): ReturnType<ExplainRecordDeps["findFailure"]> {
  const search: SearchFailuresDeps["search"] = (indices, body, maxBytes) =>
    searchText(elasticsearch, { indices, body, maxBytes, timeoutMs: SEARCH_MS }, signal);
  const { failures, problems } = await searchFailures(
    {
      topics: [spec.topic],
      query: parseQuery(`"${id}"`),
      fromMs: 0,
      toMs: now(),
      size: 1,
      inForce: new Map([[spec.topic, spec]]),
    },
    { search, survey: (targets) => surveyFailureStores(targets, signal) },
  );
  const found = failures.find(({ recordId }) => recordId === id);
  if (found === undefined) return { failure: null, problems };
  const { index, error, at } = found;
  const refusal = { type: error.type, reason: error.message };
  return { failure: { index, error: refusal, failedAt: at, attempts: null }, problems };
}
