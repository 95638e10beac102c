import { type BulkEncoder, createBulkEncoder, type EncodedBatch } from "../lib/rules/bulk/encoder.ts";
import type { DeadLetter } from "../lib/rules/dead-letters/dead-letter.ts";
import { deadLetterOf } from "../lib/rules/dead-letters/dead-letter.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { everyIndex } from "../lib/rules/model/record-index.ts";
import type { DocumentForm } from "../lib/rules/documents/document.ts";
import { messageOf, PenstockError } from "../lib/rules/base/errors.ts";
import type { Doubt } from "../lib/rules/offsets/doubts.ts";
import { isKindFault, isShapeFault } from "../lib/rules/outcomes/outcome.ts";
import type { OutcomeKind, Rejection, RetryReason, SourceRecord } from "../lib/rules/model/record.ts";
import { isAboutLevel, rejectedField } from "../lib/rules/outcomes/rejected-field.ts";
import type { Evidence } from "../lib/rules/outcomes/suspects.ts";
import {
  type BulkAttemptDeps,
  type BulkAttemptInput,
  createBulkAttempt,
} from "./ingest-batch/bulk-attempt.ts";

export interface IngestBatchInput extends BulkAttemptInput {
  /** The records that may have been sent before; null or absent: none. */
  readonly doubt?: Doubt | null;
  /** The number of this attempt, from 1. Goes into dead letters. */
  readonly attempt: number;
  /** The specification's encoder, for callers that send few records many times; made if absent. */
  readonly encode?: BulkEncoder;
}

export interface IngestBatchDeps extends BulkAttemptDeps {
  readonly deadLetters: {
    /** Resolves once all of them are safely stored. */
    store(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>;
  };
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface IngestBatchResult {
  /**
   * What is unknown about the records without an outcome. `not_looked_up`: as before, because the look-up failed.
   * `maybe_sent`: Elasticsearch may have some of them. Null: it refused them.
   */
  readonly unsure: "not_looked_up" | "maybe_sent" | null;
  /** By the records' positions; null means retry. */
  readonly outcomes: readonly (OutcomeKind | null)[];
  /** Why some outcomes are null; null if none is. */
  readonly retry: RetryReason | null;
  /** For later attempts. */
  readonly evidence: Evidence;
  /**
   * For each position of a record that was indexed in another form than its own: the field for which its own form was
   * refused; null if the reason named none.
   */
  readonly gaveWay: ReadonlyMap<number, string | null>;
}

/**
 * Makes one bounded attempt to write a batch of records to Elasticsearch, and returns the outcome of each.
 *
 * If a request fails as a whole, the attempt ends, and the caller retries what that request contained and what was not
 * sent yet. A record counts as dead-lettered only once the dead-letter topic has it. An abort ends the attempt too, and
 * returns the outcomes known so far, so that they can be committed.
 *
 * Records that may have been sent before are looked up first, and only the missing ones are sent: behind an alias or a
 * data stream, an id that is sent again may not meet its document.
 *
 * If the specification allows it, records refused for their shape are sent again in the same attempt. Those with a new
 * field of conflicting kinds keep their form but specify the field's mapping, which helps later records too. The others
 * are sent flattened into one field and, if that is refused for its shape too, as text. A dead letter tells why the
 * record's own form was refused, because that is what its owner can fix.
 */
export async function ingestBatch(
  input: IngestBatchInput,
  deps: IngestBatchDeps,
): Promise<IngestBatchResult> {
  const { spec, records } = input;
  const attempt = createBulkAttempt(input, deps);
  const { outcomes, evidence } = attempt;
  /** By position: the refusal of the record's own form. */
  const refused = new Map<number, Rejection>();
  const rejections = new Map<number, Rejection>();

  const indices = deps.sent?.indices ?? null;
  const choice = indices ?? everyIndex;
  let undecided: RetryReason | null = null;
  const forms = formsOf(spec);
  const failure = await lookUp();
  if (failure !== null)
    return { outcomes, retry: failure, unsure: "not_looked_up", evidence, gaveWay: new Map() };
  let open: readonly number[] = [...records.keys()].filter((position) => outcomes[position] === null);
  for (const form of forms) {
    const waiting = form === "settled" ? open.filter((position) => !isSettled(position)) : [];
    const sent = form === "settled" ? open.filter(isSettled) : open;
    if (sent.length === 0) continue;
    const next = await sendAs(form, sent);
    if (next === null) break;
    open = [...waiting, ...next];
  }
  const notStored = await storeRejected();
  const unsure = attempt.isUnsure ? "maybe_sent" : null;
  return { outcomes, retry: notStored ?? undecided ?? attempt.retry, unsure, evidence, gaveWay: gaveWay() };

  /** Finds the doubtful records that are there already. @returns why that is impossible now; null if it is done */
  async function lookUp(): Promise<RetryReason | null> {
    const { doubt = null } = input;
    if (doubt === null || deps.sent === undefined) return null;
    const positions = [...records.keys()].filter((position) => covers(doubt, records[position]));
    try {
      const some = positions.flatMap((position) => records[position] ?? []);
      const found = await deps.sent.find(some, doubt.isSettled, deps.signal);
      for (const at of found) outcomes[positions[at] ?? -1] = "duplicate";
      return null;
    } catch (thrown) {
      if (!deps.signal.aborted && !(thrown instanceof PenstockError)) throw thrown;
      return {
        code: "connection",
        message: `what was sent before cannot be looked up: ${messageOf(thrown)}`,
      };
    }
  }

  /** @returns null if it cannot be decided now which indices the records go to */
  async function encodeDecided(
    form: DocumentForm,
    positions: readonly number[],
  ): Promise<EncodedBatch | null> {
    let operations = encode(form, positions);
    try {
      for (let again = false; indices?.isOpen === true; again = true) {
        await indices.decide(deps.signal, again);
        operations = encode(form, positions);
      }
      return operations;
    } catch (thrown) {
      if (!deps.signal.aborted && !(thrown instanceof PenstockError)) throw thrown;
      const message = `which indices the topic may have cannot be decided: ${messageOf(thrown)}`;
      undecided = { code: "connection", message };
      return null;
    }
  }

  /** Whether the record's own form may be accepted once it specifies the kinds of its fields. */
  function isSettled(position: number): boolean {
    const rejection = refused.get(position);
    return rejection !== undefined && isKindFault(rejection);
  }

  /** @returns the positions of records that may be accepted in the next form; null if a request failed */
  async function sendAs(form: DocumentForm, positions: readonly number[]): Promise<readonly number[] | null> {
    const operations = await encodeDecided(form, positions);
    if (operations === null) return null;
    for (const position of operations.skipped) outcomes[position] = "skipped";
    const next: number[] = [];
    const reject = (position: number, rejection: Rejection): void => {
      const first = refused.get(position) ?? rejection;
      refused.set(position, first);
      if (form !== forms.at(-1) && mayGiveWay(spec, rejection)) next.push(position);
      else rejections.set(position, first);
    };
    for (const [position, rejection] of operations.rejections) reject(position, rejection);
    const answered = await attempt.send({ operations, atFault: form !== "own", reject });
    // These are indexed in their own form after all.
    if (form === "settled") for (const position of positions) if (isThere(position)) refused.delete(position);
    return answered ? next : null;
  }

  function encode(form: DocumentForm, positions: readonly number[]): EncodedBatch {
    const own = form === "own" ? (input.encode ?? createBulkEncoder(spec, form, choice)) : null;
    if (own !== null && positions.length === records.length) return own(records);
    const some = positions.flatMap((position) => records[position] ?? []);
    const encoded =
      own === null ? createBulkEncoder(spec, form, choice)(some, positions.map(refusedField)) : own(some);
    const positionOf = (at: number): number => positions[at] ?? at;
    return {
      ...encoded,
      positions: encoded.positions.map(positionOf),
      skipped: encoded.skipped.map(positionOf),
      rejections: new Map([...encoded.rejections].map(([at, rejection]) => [positionOf(at), rejection])),
    };
  }

  function refusedField(position: number): string | null {
    return rejectedField(refused.get(position)?.reason ?? "");
  }

  function isThere(position: number): boolean {
    const outcome = outcomes[position];
    return outcome === "indexed" || outcome === "duplicate";
  }

  function gaveWay(): IngestBatchResult["gaveWay"] {
    const there = [...refused.keys()].filter(isThere);
    return new Map(there.map((position) => [position, refusedField(position)]));
  }

  /** @returns why the dead letters could not be stored; null if they were */
  async function storeRejected(): Promise<RetryReason | null> {
    if (rejections.size === 0) return null;
    const failedAt = deps.now();
    const letters = [...rejections].flatMap(([position, rejection]) => {
      const record = records[position];
      if (record === undefined) return [];
      return [deadLetterOf({ topic: spec.topic, record, rejection, attempts: input.attempt, failedAt })];
    });
    try {
      await deps.deadLetters.store(letters, deps.signal);
    } catch (thrown) {
      return { code: "dead_letter_unavailable", message: `the dead-letter topic: ${messageOf(thrown)}` };
    }
    for (const position of rejections.keys()) outcomes[position] = "dead-lettered";
    return null;
  }
}

function covers(doubt: Doubt, record: SourceRecord | undefined): boolean {
  return record !== undefined && doubt.covers(record);
}

/** Whether the record may be accepted in another form. A text record can only omit its level. */
function mayGiveWay({ format }: Specification, rejection: Rejection): boolean {
  if (!isShapeFault(rejection)) return false;
  return format === "json" || isAboutLevel(rejection.reason);
}

/** The forms in which a record is tried, in order. */
function formsOf({ format, rejected }: Specification): readonly DocumentForm[] {
  if (format === "text") return ["own", "text"];
  return rejected === "flatten" ? ["own", "settled", "flattened", "text"] : ["own"];
}
