import type { ReadDeadLetter } from "./dead-letter-reader.ts";
import { PenstockError } from "../base/errors.ts";
import type { LetterGroup } from "./letter-state.ts";
import { rejectedField } from "../outcomes/rejected-field.ts";
import { quoted } from "../base/visible-text.ts";
import { indexFields } from "../model/index-fields.ts";
import { indexTemplateFault, isTopicName, topicNameRule } from "../model/names.ts";
import { parseMoment } from "../search/grammar/time-expression.ts";

/** Which dead letters to take. Null means any. */
export interface DeadLetterFilter {
  /** The topic the record came from. */
  readonly topic: string | null;
  /** The error's type, exactly. */
  readonly error: string | null;
  /** Failed at this time or later; milliseconds since the epoch. */
  readonly sinceMs: number | null;
  /** Only letters that this index refused for this field; a field of null: whose reason names none. Absent: any. */
  readonly of?: Pick<LetterGroup, "index" | "field">;
}

export interface ReplayRequest {
  readonly filter: DeadLetterFilter;
  /** The index to use instead of the letter's own. May contain `{topic}` and `{yyyy.MM.dd}`. */
  readonly index: string | null;
  /** Whether only to count. */
  readonly dryRun: boolean;
}

/** The request as the user wrote it. Null means not given. */
export interface ReplayWords {
  readonly topic: string | null;
  readonly error: string | null;
  readonly since: string | null;
  readonly index: string | null;
  /** See {@link DeadLetterFilter.of}; a field needs the index beside it. */
  readonly refusedBy?: string | null | undefined;
  readonly field?: string | null | undefined;
}

const sinceRule =
  "is neither a time (ISO 8601, UTC unless it names another zone) nor an age (for example 2h; units s m h d w)";

/**
 * @param nowMs the time from which an age in `since` counts back
 * @throws PenstockError `usage`, naming the parameter, its value and the rule
 */
export function parseReplayWords(
  { topic, error, since, index, refusedBy = null, field = null }: ReplayWords,
  dryRun: boolean,
  nowMs: number,
): ReplayRequest {
  if (topic !== null && !isTopicName(topic)) throw fault("topic", topic, topicNameRule);
  if (error === "") throw fault("error", error, "is not an error type");
  if (refusedBy === null && field !== null)
    throw fault("field", field, "needs refusedBy beside it: the index that refused the letters");
  const indexFault = index === null ? null : (indexTemplateFault(index) ?? fieldFault(index));
  if (index !== null && indexFault !== null) throw fault("index", index, indexFault);
  return {
    filter: {
      topic,
      error,
      sinceMs: since === null ? null : parseSince(since, nowMs),
      ...(refusedBy !== null && { of: { index: refusedBy, field } }),
    },
    index,
    dryRun,
  };
}

/** Whether a letter passes the filter. */
export function isMeant(letter: ReadDeadLetter, { topic, error, sinceMs, of }: DeadLetterFilter): boolean {
  return (
    (topic === null || letter.topic === topic) &&
    (error === null || letter.error.type === error) &&
    (sinceMs === null || letter.failedAt >= sinceMs) &&
    (of === undefined || (letter.index === of.index && rejectedField(letter.error.reason) === of.field))
  );
}

function fieldFault(index: string): string | null {
  const [field] = indexFields(index);
  return field === undefined
    ? null
    : `takes {${field}} from the record: only {topic} and {yyyy.MM.dd} may vary here`;
}

function parseSince(since: string, nowMs: number): number {
  // A number alone lacks its unit: as milliseconds since the epoch, it would mean all letters.
  const atMs = /^\d+$/.test(since) ? null : parseMoment(since, nowMs);
  if (atMs === null) throw fault("since", since, sinceRule);
  return atMs;
}

function fault(name: string, value: string, rule: string): PenstockError {
  return new PenstockError("usage", `${name} ${quoted(value)} ${rule}`);
}
