import {
  bulkBody,
  type BulkLimits,
  type BulkRequest,
  halveRequest,
  pickOperations,
  splitOperations,
} from "../../lib/rules/bulk/requests.ts";
import type { EncodedBatch } from "../../lib/rules/bulk/encoder.ts";
import type { BulkAnswer, BulkItem, TargetDocument } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";
import {
  classifyFailure,
  classifyItem,
  type ItemVerdict,
  showsHealthyIndex,
} from "../../lib/rules/outcomes/outcome.ts";
import type { OutcomeKind, Rejection, RetryReason, SourceRecord } from "../../lib/rules/model/record.ts";
import { type Doubt, type Evidence, isSame } from "../../lib/rules/outcomes/suspects.ts";

export interface BulkAttemptInput {
  readonly spec: Specification;
  readonly records: readonly SourceRecord[];
  readonly limits: BulkLimits;
  /** By position: refused this way once more, the record is rejected. What earlier attempts proved. */
  readonly proven?: ReadonlyMap<number, Doubt>;
  /**
   * True: what may be anybody's fault, and a closed index, reject the record without further evidence that they are its
   * own. For who cannot wait until it is mended, and keeps the record anyway.
   */
  readonly lastChance?: boolean;
}

export interface BulkAttemptDeps {
  /** Failures are values; throws only when the signal is aborted. */
  bulk(
    body: Buffer,
    options: {
      readonly pipeline: string | null;
      readonly operations: number;
      readonly pattern: string;
      /** What an operation wants to write, for where the answer leaves open why it was not. */
      readonly documentAt: (operation: number) => TargetDocument;
      readonly signal: AbortSignal;
    },
  ): Promise<BulkAnswer>;
  readonly signal: AbortSignal;
}

/** Operations of one attempt's records, to be sent. */
export interface Sending {
  readonly operations: EncodedBatch;
  /**
   * True: their records are at fault, for they were rejected in another form that came through the pipeline. What may be
   * anybody's fault is theirs then.
   */
  readonly atFault: boolean;
  /** What to do with a record that is rejected, by its position. */
  readonly reject: (position: number, rejection: Rejection) => void;
}

/** The requests of one attempt, and what they told so far. */
export interface BulkAttempt {
  /** By the records' positions; null: none yet. */
  readonly outcomes: (OutcomeKind | null)[];
  /** Why some have to be tried again; null: none has. */
  readonly retry: RetryReason | null;
  /** For the attempts to come. */
  readonly evidence: Evidence;
  /** @returns false where a request failed as a whole, so that the rest was not sent */
  send(sending: Sending): Promise<boolean>;
}

export function createBulkAttempt(input: BulkAttemptInput, deps: BulkAttemptDeps): BulkAttempt {
  const { spec, records, lastChance = false } = input;
  const outcomes: (OutcomeKind | null)[] = Array.from(records, () => null);
  let retry: RetryReason | null = null;
  const doubts = new Map<number, Doubt>();
  const written = new Set<string>();
  /** By position: how a record was refused while others behind it in its bulk were written. */
  const accused = new Map<number, Doubt>();
  /** Positions of records that were sent once more with a written one behind them. */
  const witnessed = new Set<number>();

  return {
    outcomes,
    get retry() {
      return retry;
    },
    evidence: { doubts, written },
    send,
  };

  async function send(sending: Sending): Promise<boolean> {
    const { operations } = sending;
    // From the end, so that the next to send is popped.
    const requests = splitOperations(operations, input.limits).toReversed();
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      // Halved from the record that it was to stand behind, a witness has nothing to tell.
      if (!hasOpen(operations, request)) continue;
      const answer = await ask(operations, request);
      if ("items" in answer) {
        const again = settle(sending, request, answer.items);
        if (again.length === 0) continue;
        if (!(await send({ ...sending, operations: pickOperations(operations, again) }))) return false;
        continue;
      }
      const verdict = classifyFailure(answer.failure);
      if (verdict.kind !== "retry" && request.end - request.start > 1) {
        const [first, second] = halveRequest(request);
        requests.push(second, first);
        continue;
      }
      if (verdict.kind !== "split") {
        retry = verdict.reason;
        return false;
      }
      const { status, error } = verdict;
      const { position, index } = operationAt(operations, request.start);
      sending.reject(position, { status, ...error, index });
    }
    return true;
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
      const pattern = indexPatternOf(spec.index);
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
   * @returns the operations to send once more at once: refused while others behind them were written, their records are at
   *   fault if they are refused so again. A bulk goes through a pipeline document by document: one that is mended meanwhile
   *   refuses the first of them, one that breaks the last. Behind those that are refused last goes one that was written,
   *   as a witness: that it is there already is what a pipeline that works leads to.
   */
  function settle(
    { operations, atFault, reject }: Sending,
    request: BulkRequest,
    items: readonly BulkItem[],
  ): number[] {
    const again: number[] = [];
    const witnesses = new Set<number>();
    const dated = lastChance || indexPatternOf(spec.index) !== spec.index;
    // By index, one past the last that it took.
    const healthyUntil = new Map<string, number>();
    const runs = runsOf(operations, request, items);
    for (const { index, item, end } of runs) if (showsHealthyIndex(item)) healthyUntil.set(index, end);
    for (const index of healthyUntil.keys()) written.add(index);
    for (const { index, item, start, end } of runs) {
      const verdict = classifyItem(item, { index, dated, lastChance: lastChance || atFault });
      for (let operation = start; operation < end; operation += 1) {
        const { position } = operationAt(operations, operation);
        // A witness.
        if (outcomes[position] !== null) continue;
        if (verdict.kind === "retry") keepOpen(operation, position, index, verdict);
        else if (verdict.kind === "rejected") reject(position, verdict.rejection);
        else outcomes[position] = verdict.kind;
      }
    }
    return [...again, ...witnesses];

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

/** Operations in a row of one index that got the very same item: most often all of them, judged once. */
interface Run {
  readonly index: string;
  readonly item: BulkItem;
  readonly start: number;
  readonly end: number;
}

function runsOf({ indices }: EncodedBatch, request: BulkRequest, items: readonly BulkItem[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < items.length;) {
    const start = request.start + at;
    const [index, item] = [indices[start], items[at]];
    if (index === undefined || item === undefined) throw new Error(`no operation ${start}`);
    do at += 1;
    while (at < items.length && items[at] === item && indices[request.start + at] === index);
    runs.push({ index, item, start, end: request.start + at });
  }
  return runs;
}

function operationAt(
  { positions, indices }: EncodedBatch,
  operation: number,
): { readonly position: number; readonly index: string } {
  const [position, index] = [positions[operation], indices[operation]];
  if (position === undefined || index === undefined) throw new Error(`no operation ${operation}`);
  return { position, index };
}
