import type { RecordDocuments } from "../../lib/adapters/elasticsearch/topic-snapshot/snapshot.ts";
import {
  type AuditTarget,
  createAbsenceExplainer,
  type KnownIndices,
  perhapsElsewhere,
  unlessSkipped,
} from "../../lib/rules/audit/absence.ts";
import type { Burials } from "../../lib/rules/audit/dead-lettered-offsets.ts";
import { createHomeFinder } from "../../lib/rules/audit/home.ts";
import {
  type BuriedRecord,
  createPartitionAuditor,
  type PartitionAuditor,
  type SettledRecord,
} from "../../lib/rules/audit/partition-audit.ts";
import type { AuditPass } from "../../lib/rules/audit/topic-audit.ts";
import type { Spans, ReadSpans } from "../../lib/rules/offsets/span-tracks.ts";
import type { SkippedRange } from "../../lib/rules/offsets/marks.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { withStandIns } from "../../lib/rules/time/time-stand-in.ts";

export interface AuditProgress {
  /** `again`: the second pass, over the repaired offsets. */
  readonly pass: "audit" | "again";
  readonly offsets: number;
  readonly total: number;
}

export interface SeenIndices extends KnownIndices {
  /** Whether names were wanted of which is not known yet whether they are used. */
  readonly isOpen: boolean;
  look(signal: AbortSignal): Promise<void>;
}

/** How many ranges of each kind to keep per partition. */
const KEEP_RANGES = 1_000;

export interface AuditPassInput {
  readonly pass: AuditProgress["pass"];
  readonly spec: Specification;
  readonly spans: Spans;
  readonly documents: RecordDocuments;
  /** What rewinds skipped, by partition. */
  readonly skipped: ReadonlyMap<number, readonly SkippedRange[]>;
  readonly burials: Burials;
  /** Records that the repair found indexed or dropped; null before a repair. */
  readonly settledByRepair: Burials | null;
}

export interface AuditPassDeps {
  /** The indices that fields choose; null or absent: no field does. */
  readonly indices?: SeenIndices | null;
  readonly signal: AbortSignal;
  readonly readSpans: ReadSpans;
  /** Milliseconds since the epoch. */
  now(): number;
  onProgress(progress: AuditProgress): void;
  /** Called with records that are gaps or that a pipeline may have dropped. */
  onMissing?(records: readonly SourceRecord[]): Promise<void>;
  /**
   * Called with the ids of which there is more than one document.
   * @param homes by id: the index to which the record goes now, as far as that is known
   */
  onDoubled?(ids: readonly string[], homes: ReadonlyMap<string, string>): Promise<void>;
}

/** Merges Kafka, Elasticsearch and the dead letters over these spans, side by side, in order of offsets. */
export async function auditPass(
  { pass, spec, spans, documents, skipped, burials, settledByRepair }: AuditPassInput,
  deps: AuditPassDeps,
): Promise<AuditPass> {
  const target = await targetOf(documents, spans);
  const { indices = null } = deps;
  const explain = unlessSkipped(createAbsenceExplainer(spec, target, indices), skipped);
  const homeOf = createHomeFinder(spec, indices);
  const walks = new Map<number, Walk>();
  for (const [partition, { start, end }] of spans) {
    const doubled: BuriedRecord[] = [];
    const auditor = createPartitionAuditor({
      partition,
      start,
      end,
      explain,
      inBuriedBatch: (offset) => burials.inBatch(partition, offset),
      onDouble: (record) => doubled.push(record),
      keepRanges: KEEP_RANGES,
    });
    const cursor = documents.cursor(partition, start, end);
    walks.set(partition, { end, auditor, cursor, doubled, nearestMs: null });
  }
  const total = [...spans.values()].reduce((sum, { start, end }) => sum + end - start, 0);
  let offsets = 0;

  const isPiped = (record: SourceRecord): boolean =>
    spec.pipeline !== null || explain(record).kind === "dropped";
  const elsewhere = async (
    records: readonly SourceRecord[],
    look: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<SettledRecord[]> => {
    if (records.length === 0) return [];
    const ids = records.map((record) => documentId(spec.topic, record));
    const there = await look(ids);
    return records.flatMap(({ offset, timestamp }, position) =>
      there.has(ids[position] ?? "") ? [{ offset, timestamp, how: "elsewhere" as const }] : [],
    );
  };

  const homesOf = async (ids: ReadonlySet<string>, records: readonly SourceRecord[]) => {
    const found = (): ReadonlyMap<string, string> =>
      new Map(
        records.flatMap((record) => {
          const id = documentId(spec.topic, record);
          const home = ids.has(id) ? homeOf(record) : null;
          return home === null ? [] : [[id, home] as const];
        }),
      );
    const homes = found();
    if (indices?.isOpen !== true) return homes;
    await indices.look(deps.signal);
    return found();
  };

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
    const unexplained = (): SourceRecord[] =>
      perhapsElsewhere(records, [...found, ...buried, ...settled], spec, target, explain);
    let open = unexplained();
    if (indices?.isOpen === true) {
      await indices.look(deps.signal);
      open = unexplained();
    }
    // A pipeline may have sent them anywhere.
    const [piped, others] = [true, false].map((is) => open.filter((record) => isPiped(record) === is));
    settled.push(...(await elsewhere(piped ?? [], (ids) => documents.anywhere(ids))));
    settled.push(...(await elsewhere(others ?? [], (ids) => documents.byNow(ids))));
    const missing = at.auditor.take({ end, records, documents: found, buried, settled });
    offsets += at.auditor.position - position;
    if (missing.length > 0) await deps.onMissing?.(missing);
    const doubled = at.doubled.splice(0);
    if (doubled.length > 0) {
      const ids = doubled.map((one) => documentId(spec.topic, { partition, ...one }));
      await deps.onDoubled?.(ids, await homesOf(new Set(ids), records));
    }
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
  readonly cursor: ReturnType<RecordDocuments["cursor"]>;
  /** Records with more than one document, of the stretch that was audited last. */
  readonly doubled: BuriedRecord[];
  /** The timestamp of the last record that has one. */
  nearestMs: number | null;
}

/** What explains why records of these partitions have no document. */
export async function targetOf(
  documents: Pick<
    RecordDocuments,
    "names" | "generations" | "hasStrayed" | "isPartial" | "hasPipeline" | "firstOffset"
  >,
  spans: Spans,
): Promise<AuditTarget> {
  const { names, generations } = documents;
  const firstOffsets = new Map<number, number>();
  for (const partition of generations === null ? [] : spans.keys()) {
    const first = await documents.firstOffset(partition);
    if (first !== null) firstOffsets.set(partition, first);
  }
  return {
    open: names.open,
    generations,
    hasStrayed: documents.hasStrayed,
    isPartial: documents.isPartial,
    firstOffsets,
    hasPipeline: (index) => documents.hasPipeline(index),
  };
}
