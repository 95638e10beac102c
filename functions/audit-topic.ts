import type { RecordDocuments } from "../lib/adapters/elasticsearch/topic-snapshot/snapshot.ts";
import { auditSpan, type AuditSpan } from "../lib/rules/audit/audit-span.ts";
import { createBurials, type Burials } from "../lib/rules/audit/dead-lettered-offsets.ts";
import type { AuditPass, TopicAudit } from "../lib/rules/audit/topic-audit.ts";
import type { Spans } from "../lib/rules/offsets/span-tracks.ts";
import type { Marks } from "../lib/rules/offsets/marks.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { documentId } from "../lib/rules/documents/document-id.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { indexPatternOf } from "../lib/rules/model/names.ts";
import type { OutcomeKind, SourceRecord } from "../lib/rules/model/record.ts";
import { auditPass, type AuditPassDeps, type AuditPassInput } from "./audit-topic/pass.ts";
import { ingestUntilSettled, type UntilSettledDeps } from "./ingest-batch/ingest-until-settled.ts";

/** The state of a topic's partitions, taken before anything else is read. */
export interface TopicSnapshot {
  /** The offsets in Kafka, [start, end), by partition. */
  readonly log: Spans;
  /** The next offset the group reads, by partition; null if it has committed nothing. */
  readonly committed: ReadonlyMap<number, number | null>;
  /** By partition, as far as its commit has some. */
  readonly marks: ReadonlyMap<number, Marks>;
}

export interface AuditTopicInput {
  readonly spec: Specification;
  readonly groupId: string;
  readonly snapshot: TopicSnapshot;
  /** Read after the snapshot. */
  readonly burials: Burials;
  /** Whether to ingest what is missing. */
  readonly repair: boolean;
  /** Whether to delete all but the oldest document of a record. */
  readonly removeDoubles: boolean;
}

export interface AuditTopicDeps
  extends Omit<UntilSettledDeps, "onSettled">, Omit<AuditPassDeps, "onMissing" | "onDoubled"> {
  /** @param cursors how many will be open at once */
  openDocuments(cursors: number): Promise<RecordDocuments>;
  /** The topic's dead letters after the repair. */
  readBurials(): Promise<Burials>;
  /** Ensures the index template for what the repair will write. */
  prepareRepair(): Promise<void>;
}

/**
 * Accounts for every offset that a topic's group has committed. Reads Kafka, Elasticsearch and the dead letters once,
 * side by side, in order of offsets. On request it ingests what is missing, deletes second copies, and then audits those
 * offsets again.
 *
 * @throws PenstockError if a server fails, or the topic's only index or one behind its alias or data stream is closed;
 *   there is no verdict then
 */
export async function auditTopic(input: AuditTopicInput, deps: AuditTopicDeps): Promise<TopicAudit> {
  const { spec, groupId, snapshot } = input;
  const counts: Record<OutcomeKind, number> = { indexed: 0, duplicate: 0, "dead-lettered": 0, skipped: 0 };
  let repaired = 0;
  let removed = 0;
  /** Records that the repair found indexed or dropped, at 16 bytes each. */
  const settled = createBurials();
  const onSettled: UntilSettledDeps["onSettled"] = (record, outcome) => {
    counts[outcome] += 1;
    if (outcome === "duplicate" || outcome === "skipped") settled.add(spec.topic, record);
  };
  const repair = async (records: readonly SourceRecord[], documents: RecordDocuments): Promise<void> => {
    if (repaired === 0) await deps.prepareRepair();
    repaired += records.length;
    await ingestUntilSettled(spec.topic, records, { ...deps, onSettled });
    // Somebody else may have written the same records at the same time, before or after a rollover.
    if (documents.generations !== null)
      await documents.removeExtraCopies(records.map((record) => documentId(spec.topic, record)));
  };

  const skipped = new Map([...snapshot.marks].map(([partition, one]) => [partition, one.skipped]));
  const first = await withDocuments(snapshot.log.size, spec, deps, async (documents) => {
    const spans = await spansOf(input, documents);
    const found = await auditPass(
      { pass: "audit", spec, spans, documents, skipped, burials: input.burials, settledByRepair: null },
      {
        ...deps,
        ...(input.repair && { onMissing: (records) => repair(records, documents) }),
        ...(input.removeDoubles && {
          async onDoubled(ids, homes) {
            removed += await documents.removeExtraCopies(ids, homes);
          },
        }),
      },
    );
    let belowLog = 0;
    for (const [partition, { start }] of snapshot.log)
      belowLog += await documents.countBelow(partition, start);
    const notes = documents.isPartial ? [unseenCopies] : [];
    return { spans, notes, found: { ...found, belowLog } };
  });
  const { spans, found } = first;
  const changed = repaired + removed > 0;
  const after = changed ? await lookAgain(hullsOf(found), skipped, settled.of(spec.topic), spec, deps) : null;
  return {
    topic: spec.topic,
    index: spec.index,
    groupId,
    notes: [...notesOf(input, spans), ...first.notes],
    unknownPartitions: [...spans.values()].filter(({ unknown }) => unknown).length,
    found,
    repair: repaired === 0 ? null : counts,
    removedDoubles: input.removeDoubles ? removed : null,
    after,
  };
}

const unseenCopies = "shards of other indices do not answer: copies of records there are not seen";

async function lookAgain(
  spans: Spans,
  skipped: AuditPassInput["skipped"],
  settled: Burials,
  spec: Specification,
  deps: AuditTopicDeps,
): Promise<AuditPass> {
  const burials = await deps.readBurials();
  return withDocuments(spans.size, spec, deps, (documents) =>
    auditPass({ pass: "again", spec, spans, documents, skipped, burials, settledByRepair: settled }, deps),
  );
}

async function withDocuments<T>(
  cursors: number,
  spec: Specification,
  deps: AuditTopicDeps,
  use: (documents: RecordDocuments) => Promise<T>,
): Promise<T> {
  const documents = await deps.openDocuments(cursors);
  try {
    const closed = closedOf(documents, spec);
    if (closed !== null) {
      const message = `${closed} of topic "${spec.topic}" is closed: open it so that its documents can be counted`;
      throw new PenstockError("elasticsearch_refused", message);
    }
    return await use(documents);
  } finally {
    await documents.close();
  }
}

/** A closed index that may hold any of the topic's documents; null if there is none. A closed day is not meant. */
function closedOf({ names, generations }: RecordDocuments, { index }: Specification): string | null {
  if (names.closed.has(index) && indexPatternOf(index) === index) return `index "${index}"`;
  const closed = generations?.closed ?? null;
  return closed === null ? null : `index "${closed}" behind "${index}"`;
}

/** The offsets of each partition to audit, with notes. */
async function spansOf(
  { spec, snapshot, burials }: AuditTopicInput,
  documents: RecordDocuments,
): Promise<ReadonlyMap<number, AuditSpan>> {
  const spans = new Map<number, AuditSpan>();
  for (const [partition, log] of [...snapshot.log].sort(([a], [b]) => a - b)) {
    const committed = snapshot.committed.get(partition) ?? null;
    const { startAt } = spec;
    const from = snapshot.marks.get(partition)?.from ?? null;
    let lowestKnown: number | null = null;
    if (from === null && startAt !== "earliest" && committed !== null) {
      const indexed = await documents.lowestOffset(partition, log.start, committed);
      const buried = burials.lowest(partition, log.start);
      lowestKnown = indexed === null || buried === null ? (indexed ?? buried) : Math.min(indexed, buried);
    }
    spans.set(partition, auditSpan({ partition, log, committed, startAt, from, lowestKnown }));
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

/** From the first to the last offset of each partition that was repaired, or had doubles. */
function hullsOf({ partitions }: AuditPass): Spans {
  const hulls = new Map<number, { start: number; end: number }>();
  for (const { partition, gaps, dropped, doubles } of partitions) {
    const both = [gaps.hull, dropped.hull, doubles.hull].filter((hull) => hull !== null);
    if (both.length === 0) continue;
    hulls.set(partition, {
      start: Math.min(...both.map(({ start }) => start)),
      end: Math.max(...both.map(({ end }) => end)),
    });
  }
  return hulls;
}
