import type { Absence } from "../audit/partition-audit.ts";
import { counted, durationText } from "../base/units.ts";
import { ownerWords, type PartitionOwner } from "../group/roster.ts";
import type { Hold } from "../progress/hold.ts";
import { holdWords } from "../progress/hold.ts";
import type { TopicState } from "../progress/status.ts";
import { type GapReason, gapWords } from "./entries.ts";

/** What became of one record. */
export const verdictKinds = [
  "indexed",
  "elsewhere",
  "dead-lettered",
  "failure store",
  "skipped",
  "dropped",
  "expired",
  "before start",
  "skipped by rewind",
  "in flight",
  "retrying",
  "waiting",
  "held",
  "not running",
  "lost",
  "no record",
  "not written",
  "undeclared",
  "missing",
  "unknown",
] as const;
export type VerdictKind = (typeof verdictKinds)[number];

export interface Verdict {
  readonly kind: VerdictKind;
  /** A sentence with its full stop, as all texts here. */
  readonly message: string;
  /** What one can do about it; null if there is nothing to do. */
  readonly remedy: string | null;
}

function verdict(kind: VerdictKind, message: string, remedy: string | null = null): Verdict {
  return { kind, message, remedy };
}

/** How far a topic has come in one partition, as far as this host knows. */
export interface Standing {
  readonly state: TopicState;
  /** Why; null if the state needs no explanation. */
  readonly reason: string | null;
  readonly hold: Hold | null;
  /** Whether this host reads the partition. */
  readonly owned: boolean;
  /** The host that reads it; null: none does; undefined: the group did not say. */
  readonly owner?: PartitionOwner | null | undefined;
  /** One past the last offset that was sent to Elasticsearch; null if unknown. */
  readonly sent: number | null;
  /** Offsets that got an outcome in a second; null if unknown. */
  readonly perSecond: number | null;
}

/** Of an offset that the topic's group has not committed. @param committed null if nothing is */
export function unsettledVerdict(
  offset: number,
  committed: number | null,
  { state, reason, hold, owned, owner, sent, perSecond }: Standing,
): Verdict {
  if (hold !== null)
    return verdict("held", `It is not read: the topic is ${holdWords(hold)}.`, "Release the topic.");
  if (state !== "running" && state !== "stalled")
    return verdict("not running", sentence(`It is not read yet: the topic is ${state}`, reason));
  const ahead = committed === null ? null : offset - committed;
  const place =
    ahead === null
      ? "Nothing of this partition has an outcome yet"
      : `${counted(ahead, "offset")} before it ${ahead === 1 ? "has" : "have"} no outcome yet`;
  if (!owned)
    return verdict(
      "waiting",
      owner === null
        ? `It is not read yet. ${place}. No host has this partition.`
        : `It is not read yet, or in flight. ${place}. ${owner === undefined ? "Another host has this partition, or none has" : `${ownerWords(owner)} has this partition`}.`,
    );
  if (sent !== null && offset < sent) {
    if (reason !== null)
      return verdict(
        "retrying",
        sentence("It is tried again", reason),
        "Mend what the reason names: it is tried until then.",
      );
    return verdict("in flight", "It was sent to Elasticsearch, and its outcome is not committed yet.");
  }
  const pace =
    perSecond === null || ahead === null
      ? null
      : perSecond === 0
        ? "nothing moved just now"
        : `at the present rate its turn comes in ${durationText((ahead / perSecond) * 1_000)}`;
  return verdict(
    "waiting",
    sentence(`It is not read yet. ${place}${pace === null ? "" : `; ${pace}`}`, reason),
  );
}

/** Of a record that is committed, and has neither a document nor a letter. */
export function absenceVerdict(absence: Absence): Verdict {
  switch (absence.kind) {
    case "null":
      return verdict("skipped", "It has no value (a tombstone), so there was nothing to index.");
    case "dropped":
      return verdict(
        "dropped",
        "It is settled and has no document: an ingest pipeline dropped it.",
        "`penstock audit --repair` sends it again, and says whether it is dropped again.",
      );
    case "expired":
      return verdict("expired", `It was indexed, and its index is gone: ${absence.index}.`);
    case "skipped":
      return verdict("skipped by rewind", "A rewind went forward over it.", "Rewind the topic to before it.");
    case "gap":
      return verdict(
        "missing",
        `It is settled, but has neither a document nor a dead letter: its document was deleted${absence.perhaps === undefined ? "" : `, ${absence.perhaps}`}.`,
        "`penstock audit --repair` brings it back.",
      );
  }
}

/** Of an offset at which no record lies. */
export function gapVerdict(why: GapReason, detail: string | null): Verdict {
  if (why === "not written") return verdict("not written", "It is not in Kafka yet: the log ends before it.");
  if (why === "open transaction")
    return verdict(
      "waiting",
      `It cannot be read yet: ${gapWords[why]}.`,
      "Its producer has to commit or abort.",
    );
  return verdict("no record", sentence(`There is no record for anybody to read: ${gapWords[why]}`, detail));
}

/** Of an offset that Kafka has deleted, without a document or a letter. */
export function deletedVerdict(wasCommitted: boolean): Verdict {
  return wasCommitted
    ? verdict(
        "unknown",
        "Kafka has deleted it since it was settled, and there is neither a document nor a dead letter: its document was deleted, or it had none.",
      )
    : verdict(
        "lost",
        "Kafka deleted it before it was read, so it was never indexed.",
        "Its producer has to send it again; a longer retention of the topic keeps this from happening.",
      );
}

export function beforeStartVerdict(from: number, startAt: string): Verdict {
  return verdict(
    "before start",
    `The topic is read from offset ${from} of this partition on (startAt: ${startAt}), and this lies before.`,
    "Rewind the topic to before it.",
  );
}

export const indexedVerdict = verdict("indexed", "It is in the index.");

export function elsewhereVerdict(id: string): Verdict {
  return verdict(
    "elsewhere",
    `It is in an index other than the topic's, under the id ${id}: a pipeline sent it there, or its index left the topic's alias.`,
  );
}

/** Of a record that Elasticsearch refused for good. */
export function refusedVerdict(
  kind: "dead-lettered" | "failure store",
  index: string,
  error: { readonly type: string; readonly reason: string },
): Verdict {
  const place = kind === "dead-lettered" ? "a dead letter" : "in the failure store";
  return verdict(
    kind,
    sentence(`It is ${place}, because ${index} refused it (${error.type})`, error.reason),
    "Mend the mapping, the pipeline or the declaration, then replay it.",
  );
}

/**
 * Of a topic that nobody declares now: its records may have been indexed before.
 * @param indices that have the record's document
 * @param id of its document, if only another index has it
 */
export function undeclaredVerdict(indices: readonly string[], id: string | null): Verdict {
  const rest = "Nobody declares this topic, so nothing more of it is indexed";
  if (indices.length > 0) return verdict("indexed", `It is in ${indices.join(", ")}. ${rest}.`);
  if (id !== null) return verdict("elsewhere", `It is in an index under the id ${id}. ${rest}.`);
  return verdict("undeclared", `${rest}. No document of this record was found.`, "Declare it.");
}

function sentence(text: string, reason: string | null): string {
  return reason === null ? `${text}.` : `${text}: ${reason.replace(/\.$/, "")}.`;
}
