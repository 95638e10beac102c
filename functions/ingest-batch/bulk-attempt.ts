import {
  bulkBody,
  type BulkLimits,
  type BulkRequest,
  halveRequest,
  pickOperations,
  splitOperations,
} from "../../lib/rules/bulk/requests.ts";
import type { EncodedBatch } from "../../lib/rules/bulk/encoder.ts";
import type { BulkPart } from "../../lib/rules/bulk/joint.ts";
import { withWitnesses } from "../../lib/rules/bulk/witness.ts";
import type { BulkAnswer, BulkItem, TargetDocument } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { BoundedIndices } from "../../lib/rules/model/record-index.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";
import { templateKeyOf } from "../../lib/rules/template/template-target.ts";
import {
  classifyFailure,
  classifyItem,
  type ItemVerdict,
  showsHealthyIndex,
} from "../../lib/rules/outcomes/outcome.ts";
import { mayBeExecuted, mayBeWritten } from "../../lib/rules/outcomes/unsure.ts";
import type { OutcomeKind, Rejection, RetryReason, SourceRecord } from "../../lib/rules/model/record.ts";
import { operationAt, runsOf } from "./runs.ts";
import { type Doubt, type Evidence, isSame } from "../../lib/rules/outcomes/suspects.ts";

export interface BulkAttemptInput {
  readonly spec: Specification;
  readonly records: readonly SourceRecord[];
  readonly limits: BulkLimits;
  /** By position, from earlier attempts: another refusal of this kind rejects the record. */
  readonly proven?: ReadonlyMap<number, Doubt>;
  /**
   * Whether an ambiguous refusal or a closed index rejects a record without further evidence. For callers that cannot
   * wait until somebody fixes the cause, and that keep the record anyway.
   */
  readonly lastChance?: boolean;
}

export interface BulkAttemptDeps {
  /** Failures are values; throws only when the signal is aborted. */
  bulk(
    body: Buffer,
    options: Omit<BulkPart, "body" | "within"> & { readonly signal: AbortSignal },
  ): Promise<BulkAnswer>;
  /** What was sent before; absent: wherever it is sent again, it meets its own document. */
  readonly sent?: SentEarlier;
  readonly signal: AbortSignal;
}

export interface SentEarlier {
  /** Keeps the indices that fields choose within their bound; null or absent: no field does. */
  readonly indices?: BoundedIndices | null;
  /** Whether what is sent again may go to another index than the first time. */
  readonly mayMove: boolean;
  /**
   * Finds those of the records that are in Elasticsearch already.
   * @param isSettled false: waits first until nothing that was sent can still arrive
   * @returns their positions
   * @throws PenstockError, or the signal's reason
   */
  find(
    records: readonly SourceRecord[],
    isSettled: boolean,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
}

/** Operations to send in one attempt. */
export interface Sending {
  readonly operations: EncodedBatch;
  /**
   * Whether an ambiguous refusal counts as the records' own fault: they were already rejected in another form, and the
   * pipeline let that through.
   */
  readonly atFault: boolean;
  /** Called with the position of each rejected record. */
  readonly reject: (position: number, rejection: Rejection) => void;
}

/** The requests of one attempt, and their results so far. */
export interface BulkAttempt {
  /** By the records' positions; null if none yet. */
  readonly outcomes: (OutcomeKind | null)[];
  /** Why some records have to be retried; null if none has. */
  readonly retry: RetryReason | null;
  /** Whether Elasticsearch may have records that have no outcome: their result never arrived. */
  readonly isUnsure: boolean;
  /** For later attempts. */
  readonly evidence: Evidence;
  /** @returns false if a request failed as a whole, so that the rest was not sent */
  send(sending: Sending): Promise<boolean>;
}

export function createBulkAttempt(input: BulkAttemptInput, deps: BulkAttemptDeps): BulkAttempt {
  const { spec, records, lastChance = false } = input;
  const outcomes: (OutcomeKind | null)[] = Array.from(records, () => null);
  let retry: RetryReason | null = null;
  let isUnsure = false;
  const doubts = new Map<number, Doubt>();
  const written = new Set<string>();
  /** By position: the refusal of a record, although later ones in its bulk were written. */
  const accused = new Map<number, Doubt>();
  /** Positions of records that were sent again, followed by a written one. */
  const witnessed = new Set<number>();

  return {
    outcomes,
    get retry() {
      return retry;
    },
    get isUnsure() {
      return isUnsure;
    },
    evidence: { doubts, written },
    send,
  };

  async function send(sending: Sending, limits = input.limits): Promise<boolean> {
    const { operations } = sending;
    // Reversed, so that the next one can be popped.
    const requests = splitOperations(operations, limits).toReversed();
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      // A witness that was separated from its record by halving proves nothing.
      if (!hasOpen(operations, request)) continue;
      const answer = await ask(operations, request);
      if ("items" in answer) {
        const again = settle(sending, request, answer.items);
        if (again === null) continue;
        if (!(await send({ ...sending, operations: again }))) return false;
        continue;
      }
      const verdict = classifyFailure(answer.failure);
      if (verdict.kind !== "retry" && request.end - request.start > 1) {
        if (verdict.kind === "halve" && deps.sent?.mayMove === true) {
          const { reason } = verdict;
          if (!(await sendMissing(sending, request, { sent: deps.sent, reason }))) return false;
          continue;
        }
        const [first, second] = halveRequest(request);
        requests.push(second, first);
        continue;
      }
      if (verdict.kind !== "split") {
        retry = verdict.reason;
        isUnsure ||= mayBeExecuted(answer.failure);
        return false;
      }
      const { status, error } = verdict;
      const { position, index } = operationAt(operations, request.start);
      sending.reject(position, { status, ...error, index });
    }
    return true;
  }

  /**
   * Elasticsearch executed a request, but its answer was too large: looks up what it wrote, and sends the rest in
   * halves.
   */
  async function sendMissing(
    sending: Sending,
    { start, end }: BulkRequest,
    { sent, reason }: { readonly sent: SentEarlier; readonly reason: RetryReason },
  ): Promise<boolean> {
    const { operations } = sending;
    const all = Array.from({ length: end - start }, (_, at) => start + at);
    const positionOf = (operation: number): number => operations.positions[operation] ?? -1;
    const open = all.filter((operation) => outcomes[positionOf(operation)] === null);
    try {
      const some = open.flatMap((operation) => records[positionOf(operation)] ?? []);
      for (const at of await sent.find(some, false, deps.signal))
        outcomes[positionOf(open[at] ?? -1)] = "duplicate";
    } catch (thrown) {
      if (!deps.signal.aborted && !(thrown instanceof PenstockError)) throw thrown;
      retry = reason;
      isUnsure = true;
      return false;
    }
    const missing = open.filter((operation) => outcomes[positionOf(operation)] === null);
    const limits = { ...input.limits, maxDocuments: Math.ceil((end - start) / 2) };
    return send({ ...sending, operations: pickOperations(operations, missing) }, limits);
  }

  function hasOpen({ positions }: EncodedBatch, { start, end }: BulkRequest): boolean {
    for (let operation = start; operation < end; operation += 1) {
      if (outcomes[positions[operation] ?? -1] === null) return true;
    }
    return false;
  }

  async function ask(operations: EncodedBatch, request: BulkRequest): Promise<BulkAnswer> {
    try {
      deps.signal.throwIfAborted();
      const body = bulkBody(operations, request);
      const pattern = templateKeyOf(spec);
      const documentAt = (operation: number): TargetDocument => {
        const { position, index } = operationAt(operations, request.start + operation);
        const record = records[position];
        if (record === undefined) throw new Error(`no record ${position}`);
        return { index, id: documentId(spec.topic, record) };
      };
      const sent = request.end - request.start;
      const answer = await deps.bulk(body, {
        pipeline: spec.pipeline,
        operations: sent,
        pattern,
        documentAt,
        signal: deps.signal,
      });
      if ("failure" in answer || answer.items.length === sent) return answer;
      const message = `Elasticsearch answered ${answer.items.length} items for ${sent} operations`;
      return { failure: { kind: "bad_answer", message } };
    } catch (thrown) {
      if (!deps.signal.aborted) throw thrown;
      return { failure: { kind: "connection", message: "stopped before Elasticsearch had answered" } };
    }
  }

  /**
   * Takes the items' outcomes, and returns the operations to send again at once.
   *
   * A pipeline processes a bulk document by document. If it is repaired meanwhile, it refuses the first documents; if
   * it breaks, the last. So a record refused before others were written is sent again, and is at fault if it is refused
   * the same way again. A record refused after the last written one is sent again followed by that one, as a witness: a
   * working pipeline lets the answer show that it is already there. Behind an alias or a data stream, it might be
   * written a second time, so there the witness is an operation that passes the pipeline and writes nothing.
   */
  function settle(
    { operations, atFault, reject }: Sending,
    request: BulkRequest,
    items: readonly BulkItem[],
  ): EncodedBatch | null {
    const again: number[] = [];
    const witnesses = new Set<number>();
    const dated = lastChance || indexPatternOf(spec.index) !== spec.index;
    // By index: one past the last written operation.
    const healthyUntil = new Map<string, number>();
    const runs = runsOf(operations, request, items);
    for (const { index, item, end } of runs) if (showsHealthyIndex(item)) healthyUntil.set(index, end);
    for (const index of healthyUntil.keys()) written.add(index);
    for (const { index, item, start, end } of runs) {
      const verdict = classifyItem(item, { index, dated, lastChance: lastChance || atFault });
      for (let operation = start; operation < end; operation += 1) {
        const { position } = operationAt(operations, operation);
        // Skip witnesses.
        if (outcomes[position] !== null) continue;
        if (verdict.kind === "retry") {
          isUnsure ||= mayBeWritten(item);
          keepOpen(operation, position, index, verdict);
        } else if (verdict.kind === "rejected") reject(position, verdict.rejection);
        else outcomes[position] = verdict.kind;
      }
    }
    if (again.length === 0) return null;
    return deps.sent?.mayMove === true
      ? withWitnesses(operations, again, [...witnesses])
      : pickOperations(operations, [...again, ...witnesses]);

    function keepOpen(
      operation: number,
      position: number,
      index: string,
      { reason, suspect }: Extract<ItemVerdict, { kind: "retry" }>,
    ): void {
      const before = [input.proven?.get(position), accused.get(position)];
      if (suspect !== null && before.some((doubt) => doubt !== undefined && isSame(doubt, suspect)))
        return reject(position, suspect);
      const healthyEnd = healthyUntil.get(index) ?? 0;
      if (suspect !== null && operation < healthyEnd && !accused.has(position)) {
        accused.set(position, suspect);
        again.push(operation);
        return;
      }
      if (suspect !== null && healthyEnd > 0 && !accused.has(position) && !witnessed.has(position)) {
        witnessed.add(position);
        again.push(operation);
        witnesses.add(healthyEnd - 1);
        return;
      }
      retry ??= reason;
      if (suspect !== null) doubts.set(position, suspect);
    }
  }
}
