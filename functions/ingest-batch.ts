import { createBulkEncoder, type EncodedBatch } from "../lib/rules/bulk/encoder.ts";
import {
  bulkBody,
  type BulkLimits,
  type BulkRequest,
  halveRequest,
  pickOperations,
  splitOperations,
} from "../lib/rules/bulk/requests.ts";
import type { BulkAnswer, BulkItem, TargetDocument } from "../lib/rules/bulk-answer.ts";
import type { DeadLetter } from "../lib/rules/dead-letter.ts";
import { deadLetterOf } from "../lib/rules/dead-letter.ts";
import type { Specification } from "../lib/rules/declaration.ts";
import { documentId } from "../lib/rules/document-id.ts";
import { messageOf } from "../lib/rules/errors.ts";
import { indexPatternOf } from "../lib/rules/names.ts";
import {
  classifyFailure,
  classifyItem,
  isFieldLimit,
  type ItemVerdict,
  showsHealthyIndex,
} from "../lib/rules/outcome.ts";
import type { OutcomeKind, Rejection, RetryReason, SourceRecord } from "../lib/rules/record.ts";
import { type Doubt, type Evidence, isSame } from "../lib/rules/suspects.ts";

export interface IngestBatchInput {
  readonly spec: Specification;
  readonly records: readonly SourceRecord[];
  /** How often these records were tried with this one, from 1; stands in their dead letters. */
  readonly attempt: number;
  readonly limits: BulkLimits;
  /** By position: refused this way once more, the record is rejected. What earlier attempts proved. */
  readonly proven?: ReadonlyMap<number, Doubt>;
  /**
   * True: what may be anybody's fault, and a closed index, reject the record without further evidence that they are its
   * own. For who cannot wait until it is mended, and keeps the record anyway.
   */
  readonly lastChance?: boolean;
}

export interface IngestBatchDeps {
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
  readonly deadLetters: {
    /** Resolves once all of them are safely kept. */
    store(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>;
  };
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal: AbortSignal;
}

export interface IngestBatchResult {
  /** By the records' positions; null: it has to be tried again. */
  readonly outcomes: readonly (OutcomeKind | null)[];
  /** Why some are null; null where none is. */
  readonly retry: RetryReason | null;
  /** For the attempts to come. */
  readonly evidence: Evidence;
}

/**
 * Makes one bounded attempt to bring a batch of records into Elasticsearch, and says what became of each.
 *
 * A request that fails as a whole ends the attempt: what it held and what was still to be sent is to be retried. A
 * record counts as dead-lettered only once the dead-letter topic has it. An abort ends the attempt too; what is known
 * by then is returned, so that it can be committed.
 *
 * Where the specification says so, records with too many fields for their index are sent once more in the same attempt,
 * their fields as one.
 */
export async function ingestBatch(
  input: IngestBatchInput,
  deps: IngestBatchDeps,
): Promise<IngestBatchResult> {
  const { spec, records } = input;
  const outcomes: (OutcomeKind | null)[] = Array.from(records, () => null);
  let retry: RetryReason | null = null;
  const doubts = new Map<number, Doubt>();
  const written = new Set<string>();
  /** By position: how a record was refused while others behind it in its bulk were written. */
  const accused = new Map<number, Doubt>();
  /** Positions of records that were sent once more with a written one behind them. */
  const witnessed = new Set<number>();

  const batch = createBulkEncoder(spec)(records);
  const rejections = new Map(batch.rejections);
  for (const position of batch.skipped) outcomes[position] = "skipped";
  const tooWide: number[] = [];
  const answered = await sendAll(batch, (position, rejection) => {
    if (spec.rejected === "flatten" && isFieldLimit(rejection)) tooWide.push(position);
    else rejections.set(position, rejection);
  });
  if (answered && tooWide.length > 0) {
    const flattened = createBulkEncoder(
      spec,
      "flattened",
    )(tooWide.flatMap((position) => records[position] ?? []));
    const positions = flattened.positions.flatMap((at) => tooWide[at] ?? []);
    await sendAll({ ...flattened, positions }, (position, rejection) => rejections.set(position, rejection));
  }
  await buryRejected();
  return { outcomes, retry, evidence: { doubts, written } };

  /** @returns false where a request failed as a whole, so that the rest was not sent */
  async function sendAll(operations: EncodedBatch, reject: Reject): Promise<boolean> {
    // From the end, so that the next to send is popped.
    const requests = splitOperations(operations, input.limits).toReversed();
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const answer = await send(operations, request);
      if ("items" in answer) {
        const again = settle(operations, request, answer.items, reject);
        if (again.length > 0 && !(await sendAll(pickOperations(operations, again), reject))) return false;
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
      reject(position, { status, ...error, index });
    }
    return true;
  }

  async function send(operations: EncodedBatch, request: BulkRequest): Promise<BulkAnswer> {
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
    operations: EncodedBatch,
    request: BulkRequest,
    items: readonly BulkItem[],
    reject: Reject,
  ): number[] {
    const { lastChance = false } = input;
    const again: number[] = [];
    const witnesses = new Set<number>();
    const dated = lastChance || indexPatternOf(spec.index) !== spec.index;
    // By index, one past the last that it took.
    const healthyUntil = new Map<string, number>();
    for (const [index, item, , end] of runs()) if (showsHealthyIndex(item)) healthyUntil.set(index, end);
    for (const index of healthyUntil.keys()) written.add(index);
    for (const [index, item, start, end] of runs()) {
      const verdict = classifyItem(item, { index, dated, lastChance });
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

    /** Operations in a row of one index that got the very same item: most often all of them, judged once. */
    function* runs(): Generator<readonly [index: string, item: BulkItem, start: number, end: number]> {
      let start = 0;
      for (let end = 1; end <= items.length; end += 1) {
        const { index } = operationAt(operations, request.start + start);
        const item = items[start];
        if (item === undefined) return;
        if (end < items.length && items[end] === item && operations.indices[request.start + end] === index)
          continue;
        yield [index, item, request.start + start, request.start + end];
        start = end;
      }
    }
  }

  async function buryRejected(): Promise<void> {
    if (rejections.size === 0) return;
    const failedAt = deps.now();
    const letters = [...rejections].flatMap(([position, rejection]) => {
      const record = records[position];
      if (record === undefined) return [];
      return [deadLetterOf({ topic: spec.topic, record, rejection, attempts: input.attempt, failedAt })];
    });
    try {
      await deps.deadLetters.store(letters, deps.signal);
    } catch (thrown) {
      retry = { code: "dead_letter_unavailable", message: `the dead-letter topic: ${messageOf(thrown)}` };
      return;
    }
    for (const position of rejections.keys()) outcomes[position] = "dead-lettered";
  }
}

/** What to do with a record that is rejected, by its position. */
type Reject = (position: number, rejection: Rejection) => void;

function operationAt(
  { positions, indices }: EncodedBatch,
  operation: number,
): { readonly position: number; readonly index: string } {
  const [position, index] = [positions[operation], indices[operation]];
  if (position === undefined || index === undefined) throw new Error(`no operation ${operation}`);
  return { position, index };
}
