import { createAbsenceExplainer, perhapsElsewhere } from "../lib/rules/audit/absence.ts";
import { auditSpan, type AuditSpan } from "../lib/rules/audit/audit-span.ts";
import { createBurials, type Burials } from "../lib/rules/audit/dead-lettered-offsets.ts";
import {
  createPartitionAuditor,
  type AuditDocument,
  type PartitionAuditor,
  type SettledRecord,
} from "../lib/rules/audit/partition-audit.ts";
import type { AuditPass, TopicAudit } from "../lib/rules/audit/topic-audit.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { documentId } from "../lib/rules/documents/document-id.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { indexPatternOf } from "../lib/rules/model/names.ts";
import type { OutcomeKind, SourceRecord } from "../lib/rules/model/record.ts";
import { withStandIns } from "../lib/rules/time/time-stand-in.ts";
import { ingestUntilSettled, type UntilSettledDeps } from "./ingest-batch/ingest-until-settled.ts";

/** The state of a topic's partitions, taken before anything else is read. */
export interface TopicSnapshot {
  /** The offsets in Kafka, [start, end), by partition. */
  readonly log: ReadonlyMap<number, { readonly start: number; readonly end: number }>;
  /** The next offset the group reads, by partition; null if it has committed nothing. */
  readonly committed: ReadonlyMap<number, number | null>;
}

export interface AuditTopicInput {
  readonly spec: Specification;
  readonly groupId: string;
  readonly snapshot: TopicSnapshot;
  /** Read after the snapshot. */
  readonly burials: Burials;
  /** Whether to ingest what is missing. */
  readonly repair: boolean;
}

/** The topic's documents as of one moment after the snapshot. The opener must close it. */
export interface TopicDocuments {
  readonly names: { readonly open: ReadonlySet<string>; readonly closed: ReadonlySet<string> };
  /** Documents found so far whose `_id` is not one of Penstock's. */
  readonly foreign: number;
  /** Whether one of those indices, aliases or data streams has an ingest pipeline of its own. */
  hasPipeline(index: string): boolean;
  /** Which of these ids are in any index. */
  anywhere(ids: readonly string[]): Promise<ReadonlySet<string>>;
  cursor(partition: number, start: number, end: number): { until(offset: number): Promise<AuditDocument[]> };
  lowestOffset(partition: number, start: number, end: number): Promise<number | null>;
  countBelow(partition: number, offset: number): Promise<number>;
  close(): Promise<void>;
}

type OffsetSpans = ReadonlyMap<number, { readonly start: number; readonly end: number }>;

export interface AuditTopicDeps extends Omit<UntilSettledDeps, "onSettled"> {
  /** @param cursors how many will be open at once */
  openDocuments(cursors: number): Promise<TopicDocuments>;
  /** Reads each span once, in order of offsets. A batch's `end` is how far Kafka was read. */
  readSpans(
    spans: OffsetSpans,
    onBatch: (batch: {
      readonly partition: number;
      readonly records: readonly SourceRecord[];
      readonly end: number;
    }) => Promise<void>,
  ): Promise<void>;
  /** The topic's dead letters after the repair. */
  readBurials(): Promise<Burials>;
  /** Ensures the index template for what the repair will write. */
  prepareRepair(): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  onProgress(progress: AuditProgress): void;
}

export interface AuditProgress {
  /** `again`: the second pass, over the repaired offsets. */
  readonly pass: "audit" | "again";
  readonly offsets: number;
  readonly total: number;
}

/** How many ranges of each kind to keep per partition. */
const KEEP_RANGES = 1_000;

/**
 * Accounts for every offset that a topic's group has committed. Reads Kafka, Elasticsearch and the dead letters once,
 * side by side, in order of offsets. On request it ingests what is missing and then audits those offsets again.
 *
 * @throws PenstockError if a server fails or the topic's only index is closed; there is no verdict then
 */
export async function auditTopic(input: AuditTopicInput, deps: AuditTopicDeps): Promise<TopicAudit> {
  const { spec, groupId, snapshot } = input;
  const counts: Record<OutcomeKind, number> = { indexed: 0, duplicate: 0, "dead-lettered": 0, skipped: 0 };
  let repaired = 0;
  /** Records that the repair found indexed or dropped, at 16 bytes each. */
  const settled = createBurials();
  const onSettled: UntilSettledDeps["onSettled"] = (record, outcome) => {
    counts[outcome] += 1;
    if (outcome === "duplicate" || outcome === "skipped") settled.add(spec.topic, record);
  };
  const repair = async (records: readonly SourceRecord[]): Promise<void> => {
    if (repaired === 0) await deps.prepareRepair();
    repaired += records.length;
    await ingestUntilSettled(spec.topic, records, { ...deps, onSettled });
  };

  const first = await withDocuments(snapshot.log.size, spec, deps, async (documents) => {
    const spans = await spansOf(input, documents);
    const bounds = new Map([...spans].map(([partition, { start, end }]) => [partition, { start, end }]));
    const onMissing = input.repair ? repair : null;
    const pass = await onePass("audit", bounds, input.burials, null, documents, spec, onMissing, deps);
    let belowLog = 0;
    for (const [partition, { start }] of snapshot.log)
      belowLog += await documents.countBelow(partition, start);
    return { spans, found: { ...pass, belowLog } };
  });
  const { spans, found } = first;
  const after = repaired === 0 ? null : await lookAgain(hullsOf(found), settled.of(spec.topic), spec, deps);
  return {
    topic: spec.topic,
    index: spec.index,
    groupId,
    notes: notesOf(input, spans),
    unknownPartitions: [...spans.values()].filter(({ unknown }) => unknown).length,
    found,
    repair: repaired === 0 ? null : counts,
    after,
  };
}

async function lookAgain(
  spans: OffsetSpans,
  settled: Burials,
  spec: Specification,
  deps: AuditTopicDeps,
): Promise<AuditPass> {
  const burials = await deps.readBurials();
  return withDocuments(spans.size, spec, deps, (documents) =>
    onePass("again", spans, burials, settled, documents, spec, null, deps),
  );
}

async function withDocuments<T>(
  cursors: number,
  spec: Specification,
  deps: AuditTopicDeps,
  use: (documents: TopicDocuments) => Promise<T>,
): Promise<T> {
  const documents = await deps.openDocuments(cursors);
  try {
    if (documents.names.closed.has(spec.index) && indexPatternOf(spec.index) === spec.index) {
      const message = `index "${spec.index}" of topic "${spec.topic}" is closed: open it so that its documents can be counted`;
      throw new PenstockError("elasticsearch_refused", message);
    }
    return await use(documents);
  } finally {
    await documents.close();
  }
}

/** The offsets of each partition to audit, with notes. */
async function spansOf(
  { spec, snapshot, burials }: AuditTopicInput,
  documents: TopicDocuments,
): Promise<ReadonlyMap<number, AuditSpan>> {
  const spans = new Map<number, AuditSpan>();
  for (const [partition, log] of [...snapshot.log].sort(([a], [b]) => a - b)) {
    const committed = snapshot.committed.get(partition) ?? null;
    const { startAt } = spec;
    let lowestKnown: number | null = null;
    if (startAt === "latest" && committed !== null) {
      const indexed = await documents.lowestOffset(partition, log.start, committed);
      const buried = burials.lowest(partition, log.start);
      lowestKnown = indexed === null || buried === null ? (indexed ?? buried) : Math.min(indexed, buried);
    }
    spans.set(partition, auditSpan({ partition, log, committed, startAt, lowestKnown }));
  }
  return spans;
}

/** A group that does not exist, for example after a change of `group`, is mentioned once, not for each partition. */
function notesOf({ groupId, snapshot }: AuditTopicInput, spans: ReadonlyMap<number, AuditSpan>): string[] {
  const isNew = [...snapshot.log.keys()].every(
    (partition) => (snapshot.committed.get(partition) ?? null) === null,
  );
  if (isNew) return [`group ${groupId} has committed nothing`];
  return [...spans.values()].flatMap(({ note }) => note ?? []);
}

async function onePass(
  pass: AuditProgress["pass"],
  spans: OffsetSpans,
  burials: Burials,
  settledByRepair: Burials | null,
  documents: TopicDocuments,
  spec: Specification,
  onMissing: ((records: readonly SourceRecord[]) => Promise<void>) | null,
  deps: AuditTopicDeps,
): Promise<AuditPass> {
  const explain = createAbsenceExplainer(spec, documents.names.open, (index) => documents.hasPipeline(index));
  const walks = new Map<number, Walk>();
  for (const [partition, { start, end }] of spans) {
    const inBuriedBatch = (offset: number): boolean => burials.inBatch(partition, offset);
    const options = { partition, start, end, explain, inBuriedBatch, keepRanges: KEEP_RANGES };
    const auditor = createPartitionAuditor(options);
    walks.set(partition, { end, auditor, cursor: documents.cursor(partition, start, end), nearestMs: null });
  }
  const total = [...spans.values()].reduce((sum, { start, end }) => sum + end - start, 0);
  let offsets = 0;

  const walk = async (partition: number, end: number, read: readonly SourceRecord[]): Promise<void> => {
    const at = walks.get(partition);
    if (at === undefined) return;
    const { records, nearestMs } = withStandIns(read, at.nearestMs, deps.now());
    at.nearestMs = nearestMs;
    const { position } = at.auditor;
    const found = await at.cursor.until(end);
    const buried = burials.between(partition, position, end);
    const settled: SettledRecord[] = (settledByRepair?.between(partition, position, end) ?? []).map(
      ({ offset, timestamp }) => ({ offset, timestamp, how: "repaired" }),
    );
    const open = perhapsElsewhere(records, [...found, ...buried, ...settled], spec, explain);
    if (open.length > 0) {
      const ids = new Map(open.map((record) => [documentId(spec.topic, record), record]));
      for (const id of await documents.anywhere([...ids.keys()])) {
        const record = ids.get(id);
        if (record !== undefined)
          settled.push({ offset: record.offset, timestamp: record.timestamp, how: "elsewhere" });
      }
    }
    const missing = at.auditor.take({ end, records, documents: found, buried, settled });
    offsets += at.auditor.position - position;
    if (onMissing !== null && missing.length > 0) await onMissing(missing);
    deps.onProgress({ pass, offsets, total });
  };

  deps.onProgress({ pass, offsets, total });
  const worthReading = new Map([...spans].filter(([, { start, end }]) => start < end));
  if (worthReading.size > 0) {
    await deps.readSpans(worthReading, ({ partition, end, records }) => walk(partition, end, records));
  }
  // If Kafka stopped before the end, it has deleted the rest meanwhile.
  for (const [partition, { auditor, end }] of walks) {
    if (auditor.position < end) await walk(partition, end, []);
  }
  return {
    partitions: [...walks.values()].map(({ auditor }) => auditor.result()),
    belowLog: 0,
    foreign: documents.foreign,
  };
}

interface Walk {
  readonly end: number;
  readonly auditor: PartitionAuditor;
  readonly cursor: ReturnType<TopicDocuments["cursor"]>;
  /** The timestamp of the last record that has one. */
  nearestMs: number | null;
}

/** From the first to the last offset of each partition that was repaired. */
function hullsOf({ partitions }: AuditPass): OffsetSpans {
  const hulls = new Map<number, { start: number; end: number }>();
  for (const { partition, gaps, dropped } of partitions) {
    const both = [gaps.hull, dropped.hull].filter((hull) => hull !== null);
    if (both.length === 0) continue;
    hulls.set(partition, {
      start: Math.min(...both.map(({ start }) => start)),
      end: Math.max(...both.map(({ end }) => end)),
    });
  }
  return hulls;
}
