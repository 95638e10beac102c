import type { PartitionOwner } from "../lib/rules/group/roster.ts";
import {
  absenceVerdict,
  beforeStartVerdict,
  deletedVerdict,
  elsewhereVerdict,
  gapVerdict,
  indexedVerdict,
  type Standing,
  undeclaredVerdict,
  unsettledVerdict,
  type Verdict,
} from "../lib/rules/inspection/verdict.ts";
import { ownerOf } from "./fleet/owners.ts";
import type { ExplainRecordDeps, ExplainRecordInput, FoundLetter } from "./explain-record/deps.ts";
import { lookForDocuments } from "./explain-record/documents.ts";
import { lookForLetter } from "./explain-record/letters.ts";

/** Why a record is, or is not, in the index. */
export interface RecordExplanation extends Verdict {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The next offset that the group reads; null if it has committed nothing. */
  readonly committed: number | null;
  readonly logStart: number;
  readonly highWatermark: number;
  readonly documents: readonly { readonly index: string; readonly id: string }[];
  readonly letter: FoundLetter | null;
  /** Whom the group gave the partition, if the record waits and this host does not read it; null if unknown. */
  readonly owner: PartitionOwner | null;
  /** What else is worth knowing, in sentences. */
  readonly notes: readonly string[];
}

export type { ExplainRecordDeps, ExplainRecordInput, FoundLetter } from "./explain-record/deps.ts";

/** How long the pace is watched. Commits are gathered for a second or so. */
const PACE_MS = 2_000;

/** Where no document was found. */
const notRefreshed =
  "Indices other than the topic's are not refreshed for this: a document that a pipeline put there a moment ago is not found yet.";

/**
 * Says what became of the record at an offset: by Kafka, the group's position, Elasticsearch, the dead letters and what this
 * host is doing.
 * @throws PenstockError as the deps
 */
export async function explainRecord(
  input: ExplainRecordInput,
  deps: ExplainRecordDeps,
): Promise<RecordExplanation> {
  const { topic, partition, offset, spec } = input;
  const stretch = await deps.readStretch();
  const { logStart, highWatermark } = stretch;
  const about = { topic, partition, offset, logStart, highWatermark };
  const none = { committed: null, documents: [], letter: null, owner: null, notes: [] };
  const entry = stretch.entries[0];
  const commit = await deps.committed();
  const isSettled = commit.offset !== null && offset < commit.offset;
  const inDocuments = await lookForDocuments(input, entry, isSettled, deps);
  const known = { ...about, ...none, committed: commit.offset, notes: inDocuments.notes };
  const { own } = inDocuments;
  if (spec === null) {
    const indices = own.map(({ index }) => index);
    return { ...known, documents: own, ...undeclaredVerdict(indices, inDocuments.elsewhere) };
  }
  if (own.length > 0) return { ...known, documents: own, ...indexedVerdict };
  if (inDocuments.elsewhere !== null) return { ...known, ...elsewhereVerdict(inDocuments.elsewhere) };
  if (entry?.kind === "gap" && entry.why !== "deleted" && entry.why !== "unreadable")
    return { ...known, ...gapVerdict(entry.why, entry.detail) };
  if (!isSettled && entry?.kind !== "gap") {
    const standing = await standingOf(input, deps);
    const { owner = null } = standing;
    return { ...known, owner, ...unsettledVerdict(offset, commit.offset, standing) };
  }
  const from = commit.marks?.from ?? null;
  if (from !== null && offset < from) return { ...known, ...beforeStartVerdict(from, spec.startAt) };
  if (inDocuments.absence?.kind === "null") return { ...known, ...absenceVerdict(inDocuments.absence) };
  const buried = await lookForLetter(input, entry, deps);
  const notes = [...known.notes, ...buried.notes];
  if (buried.letter !== null) return { ...known, notes, letter: buried.letter, ...buried.verdict };
  const skipped = commit.marks?.skipped.some((range) => offset >= range.from && offset < range.to) ?? false;
  if (skipped) return { ...known, notes, ...absenceVerdict({ kind: "skipped" }) };
  if (inDocuments.absence !== null)
    return { ...known, notes: [...notes, notRefreshed], ...absenceVerdict(inDocuments.absence) };
  if (entry?.kind === "gap" && entry.why === "unreadable")
    return { ...known, notes, ...gapVerdict(entry.why, entry.detail) };
  return { ...known, notes, ...deletedVerdict(isSettled) };
}

async function standingOf(
  { topic, partition }: ExplainRecordInput,
  deps: ExplainRecordDeps,
): Promise<Standing> {
  const standing = deps.standing();
  if (standing === null)
    return { state: "pending", reason: null, hold: null, owned: false, sent: null, perSecond: null };
  const { owned, hold, state } = standing;
  if (!owned && hold === null && (state === "running" || state === "stalled")) {
    return { ...standing, owner: ownerOf(await deps.currentOwners(topic), partition), perSecond: null };
  }
  if (!owned || state !== "running") return { ...standing, perSecond: null };
  const before = await deps.committed();
  await deps.wait(PACE_MS);
  const after = await deps.committed();
  const moved = before.offset === null || after.offset === null ? null : after.offset - before.offset;
  return {
    ...(deps.standing() ?? standing),
    perSecond: moved === null || moved < 0 ? null : moved / (PACE_MS / 1_000),
  };
}
