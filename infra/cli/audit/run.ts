import { setTimeout as delay } from "node:timers/promises";
import { auditTopic, type TopicSnapshot } from "../../../functions/audit-topic.ts";
import type { AuditProgress } from "../../../functions/audit-topic/pass.ts";
import { ingestBatch } from "../../../functions/ingest-batch.ts";
import { readBurials } from "../../../functions/audit-topic/dead-lettered-offsets.ts";
import { createElasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { openRecordDocuments } from "../../../lib/adapters/elasticsearch/topic-snapshot/record-documents.ts";
import { createDeadLetters } from "../../../lib/adapters/kafka/client/dead-letters.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { readSpans } from "../../../lib/adapters/kafka/queries/span-reader.ts";
import type { BurialsBuilder } from "../../../lib/rules/audit/dead-lettered-offsets.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { parseCommitNote } from "../../../lib/rules/offsets/checkpoint.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { throwRefused } from "../../../lib/rules/template/index-template.ts";
import { templateKeyOf, templateTargetOf } from "../../../lib/rules/template/template-target.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import type { AuditEnd } from "./text.ts";
import { createSentBeforeOf } from "../../../lib/adapters/elasticsearch/sent/sent-before-of.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import { doubtOfAttempt } from "../../../functions/ingest-batch/ingest-until-settled.ts";

export interface AuditRun {
  readonly settings: Settings;
  /** Only topics that exist in Kafka. */
  readonly specs: readonly Specification[];
  /** Audits each index by itself, as if there were no other, against the positions of another group: of a rebuild. */
  readonly alone?: {
    readonly groupId: string;
    /** What dead letters of the index may call it. */
    readonly alias: string | null;
  };
  readonly repair: boolean;
  readonly removeDoubles: boolean;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Called when the audit of a topic has ended. */
  readonly onEnd: (end: AuditEnd) => void;
  readonly onProgress: (topic: string, progress: AuditProgress) => void;
}

/**
 * Audits topics one after the other. Reads the committed offsets of all topics first and then the dead letters, once for all:
 * a host writes a dead letter before it commits the record.
 * @throws PenstockError if Kafka does not answer before the first topic; any other failure ends only the audit of its topic
 */
export async function runAudit(run: AuditRun): Promise<void> {
  const { settings, specs, alone, repair, removeDoubles, logger, signal } = run;
  const { kafka } = settings;
  const groupId = alone?.groupId ?? kafka.group;
  const elasticsearch = createElasticsearch(settings.elasticsearch, { logger });
  const deadLetters = createDeadLetters(kafka, settings.deadLetters.topic, logger);
  const offsets = createKafkaOffsets(kafka, logger);

  const snapshotOf = async (topic: string): Promise<TopicSnapshot> => {
    // The end of the log is read second, so that it cannot be below the committed offset.
    const committed = await offsets.committed(groupId, topic, signal);
    const log = await offsets.ranges(topic, signal);
    return {
      log,
      committed: new Map([...committed].map(([partition, { offset }]) => [partition, offset])),
      marks: new Map(
        [...committed].flatMap(([partition, { metadata }]) => {
          const { marks } = parseCommitNote(metadata);
          return marks === null ? [] : [[partition, marks] as const];
        }),
      ),
    };
  };
  const answers = (): Promise<boolean> =>
    offsets.ranges(settings.deadLetters.topic, signal).then(
      () => true,
      (error: unknown) => error instanceof PenstockError && error.code === "topic_missing",
    );
  /** Returns why there is none, as with a topic that is forbidden, has no leader, or was deleted meanwhile. */
  const snapshotOrFault = async (topic: string): Promise<TopicSnapshot | PenstockError> => {
    try {
      return await snapshotOf(topic);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PenstockError && (await answers())) return error;
      throw error;
    }
  };
  const burialsOf = (topics: readonly string[]): Promise<BurialsBuilder> =>
    readBurials(
      {
        deadLetterTopic: settings.deadLetters.topic,
        topics: new Set(topics),
        ...(alone && { indices: new Set([...specs.map(({ index }) => index), alone.alias]) }),
      },
      {
        ranges: (topic) => offsets.ranges(topic, signal),
        readSpans: (topic, spans, onBatch) => readSpans({ kafka, topic, logger }, spans, onBatch, signal),
      },
    );

  const sentBefore = createSentBeforeOf(elasticsearch, { time: systemTime, logger });
  const audit = async (spec: Specification, snapshot: TopicSnapshot, burials: BurialsBuilder) => {
    const { topic, index } = spec;
    const limits = settings.elasticsearch.bulk;
    return auditTopic(
      { spec, snapshot, groupId, burials: burials.of(topic), repair, removeDoubles },
      {
        signal,
        indices: sentBefore(spec).indices,
        random: run.random,
        now: run.now,
        wait: (ms) => delay(ms, undefined, { signal }),
        openDocuments: (cursors) =>
          openRecordDocuments(elasticsearch, { topic, index, cursors, alone: alone !== undefined }, signal),
        readSpans: (spans, onBatch) => readSpans({ kafka, topic, logger }, spans, onBatch, signal),
        readBurials: async () => (await burialsOf([topic])).of(topic),
        async prepareRepair() {
          const refusals = await elasticsearch.ensureTemplate([templateTargetOf(spec)], signal);
          throwRefused(refusals, templateKeyOf(spec));
        },
        ingest: (records, attempt) =>
          ingestBatch(
            { spec, records, attempt, limits, doubt: doubtOfAttempt(attempt) },
            {
              bulk: (body, how) => elasticsearch.bulk(body, how),
              sent: sentBefore(spec),
              deadLetters,
              now: run.now,
              signal,
            },
          ),
        onProgress: (progress) => run.onProgress(topic, progress),
      },
    );
  };

  try {
    const snapshots = new Map<Specification, TopicSnapshot | PenstockError>();
    for (const spec of specs) snapshots.set(spec, await snapshotOrFault(spec.topic));
    const burials = await burialsOf(specs.map(({ topic }) => topic));
    for (const [spec, snapshot] of snapshots) {
      try {
        if (snapshot instanceof PenstockError) throw snapshot;
        run.onEnd({ kind: "audited", audit: await audit(spec, snapshot, burials) });
      } catch (error) {
        signal.throwIfAborted();
        const again = error instanceof PenstockError && error.retryable ? "; try again" : "";
        run.onEnd({ kind: "failed", topic: spec.topic, reason: `${messageOf(error)}${again}` });
      }
    }
  } finally {
    await Promise.allSettled([elasticsearch.close(), deadLetters.close(), offsets.close()]);
  }
}
