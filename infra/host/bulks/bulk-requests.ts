import type { BulkAnswer, BulkItem, TargetDocument } from "../../../lib/rules/outcomes/bulk-answer.ts";
import { type BulkPart, joinParts, mayBeOnesFault, splitAnswer } from "../../../lib/rules/bulk/joint.ts";
import type { BulkLoad } from "../../../lib/rules/limits/pace.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { BulkGate, Leave } from "./bulk-gate.ts";

/** Sends one `_bulk` request. Failures are values; throws only the signal's reason. */
export type SendBulk = (
  body: Buffer,
  options: {
    /** Of every operation that does not name its own; null: none. */
    readonly pipeline: string | null;
    readonly operations: number;
    /** What covers the indices of its operations; of several where it stands for several topics. */
    readonly pattern: string | readonly string[];
    readonly documentAt: (operation: number) => TargetDocument;
    /** How long Elasticsearch waits for a shard, or an index that is to be made; absent: as it is configured. */
    readonly shardTimeoutMs?: number;
    readonly signal: AbortSignal;
  },
) => Promise<BulkAnswer>;

export interface BulkRequestsDeps {
  readonly send: SendBulk;
  readonly gate: BulkGate;
  readonly time: Time;
}

/** A part of a request, and who waits for its answer. */
export interface SentPart extends BulkPart {
  readonly signal: AbortSignal;
  readonly seat: { fit: boolean };
  /** The first answer counts. */
  isAnswered: boolean;
  resolve(answer: BulkAnswer): void;
  reject(reason: unknown): void;
}

/**
 * How long Elasticsearch may wait for a shard, or for the master, in a request that holds a place others may need: operations that
 * need longer are refused, and go alone from then on. Not shorter: a master that is busy takes seconds for a new index or field, and
 * all who need one would be told of a trouble that is none.
 */
const SHARD_TIMEOUT_MS = 5_000;
/** The same for what goes alone and was well: nobody waits for it but itself. */
const OWN_SHARD_TIMEOUT_MS = 15_000;
/** A common request without an answer after so long: its parts are sent once more, each alone. Nobody waits longer for another. */
const PATIENCE_MS = 2_000;
/**
 * Longer than that is long, if it is as long as that many usual ones too: where all of them take their time, nobody is at fault,
 * and to go alone would only make it worse.
 */
const LONG_MS = 500;
const LONG_TIMES = 4;
/**
 * So many documents may take twice as long as a single one. Else a topic that catches up would be taken for a sick one beside quiet ones,
 * whose requests hold few, and have one place instead of several.
 */
const DOCUMENTS_TWICE = 64;
/** What is usual is the middle of the last ones, so that a few that hang do not count. */
const RECENT = 16;
const USUAL_AT_FIRST_MS = 10;
const LEAST_JOINT_BYTES = 64 * 1024;

/** The bulk requests of a host, joint and single. */
export class BulkRequests {
  readonly #deps: BulkRequestsDeps;
  readonly #life: AbortSignal;
  /** Those that others may travel with, in flight. */
  #common = 0;
  readonly #took = new Usual();
  /** The same, of what would have been a single document. */
  readonly #tookByOne = new Usual();
  /** Less where something on the way took no more. */
  #jointBytes = Infinity;

  constructor(deps: BulkRequestsDeps, life: AbortSignal) {
    this.#deps = deps;
    this.#life = life;
  }

  /** True: a common one is on its way. */
  get isCommonUnderWay(): boolean {
    return this.#common > 0;
  }

  /** How long one takes, of late. */
  get usualMs(): number {
    return this.#took.ms;
  }

  bounded({ maxDocuments, maxBytes }: BulkLimits): BulkLimits {
    return { maxDocuments, maxBytes: Math.min(maxBytes, this.#jointBytes) };
  }

  /** Sends these in one common request, and gives the place back when it is answered. */
  sendCommon(parts: readonly SentPart[], leave: Leave, onEnd: () => void): void {
    this.#common += 1;
    void this.#exchange(parts, leave, SHARD_TIMEOUT_MS).finally(() => {
      this.#common -= 1;
      onEnd();
    });
  }

  /** The same, once there is a place. */
  enterCommon(parts: readonly SentPart[], onEnd: () => void): void {
    this.#enter(parts, false, (leave) => this.sendCommon(parts, leave, onEnd));
  }

  /** Sends one alone. @param again true: it was in trouble */
  sendAlone(part: SentPart, again: boolean, leave: Leave): void {
    void this.#exchange([part], leave, again ? SHARD_TIMEOUT_MS : OWN_SHARD_TIMEOUT_MS);
  }

  /** The same, once there is a place. @param again true: in the half that is for what was in trouble */
  enterAlone(part: SentPart, again: boolean): void {
    this.#enter([part], again, (leave) => this.sendAlone(part, again, leave));
  }

  #enter(parts: readonly SentPart[], again: boolean, send: (leave: Leave) => void): void {
    this.#deps.gate.enter(this.#life, again).then(
      (leave) => {
        if (parts.every(({ isAnswered }) => isAnswered)) leave();
        else send(leave);
      },
      (reason: unknown) => {
        for (const part of parts) settle(part, () => part.reject(reason));
      },
    );
  }

  async #exchange(joined: readonly SentPart[], leave: Leave, shardTimeoutMs: number): Promise<void> {
    const { send, time } = this.#deps;
    const parts = joined.filter(isAwaited);
    if (parts.length === 0) {
      leave();
      return;
    }
    const isJoint = parts.length > 1;
    const begunMs = time.monotonicMs();
    let isApart = false;
    const sendApart = (): void => {
      if (isApart) return;
      isApart = true;
      // Whatever becomes of what they share. What is there by then is a duplicate.
      for (const part of parts) if (!part.isAnswered) this.enterAlone(part, true);
    };
    const callOff = isJoint ? time.after(this.#patienceMs, sendApart) : null;
    let load: BulkLoad | undefined;
    try {
      const { body, operations, pipeline, patterns, pattern, documentAt } = joinParts(parts);
      const whole = await send(body, {
        pipeline,
        operations,
        pattern: patterns.length === 1 ? pattern : patterns,
        documentAt,
        shardTimeoutMs,
        // One that is closed must not end what others wait for.
        signal: isJoint ? this.#life : (parts[0]?.signal ?? this.#life),
      });
      const answer = matching(whole, operations, isJoint);
      load = loadIn(answer);
      this.#judge(parts, answer, operations, time.monotonicMs() - begunMs);
      if (isJoint && "failure" in answer) {
        if (answer.failure.kind === "response" && answer.failure.status === 413)
          this.#jointBytes = Math.max(LEAST_JOINT_BYTES, body.length / 2);
        if (mayBeOnesFault(answer.failure)) sendApart();
        // Each is told by its own.
        if (isApart) return;
      }
      const shares = splitAnswer(parts, answer);
      for (let at = 0; at < parts.length; at += 1) {
        const [part, share] = [parts[at], shares[at]];
        if (part === undefined || share === undefined || part.isAnswered) continue;
        part.isAnswered = true;
        part.resolve(share);
      }
    } catch (reason) {
      for (const part of parts) settle(part, () => part.reject(reason));
    } finally {
      callOff?.();
      leave(load);
    }
  }

  get #patienceMs(): number {
    return Math.max(PATIENCE_MS, this.#took.ms * LONG_TIMES);
  }

  /** Who took long goes alone; where nobody knows who of several it was, all do, until their own are quick. */
  #judge(parts: readonly SentPart[], answer: BulkAnswer, operations: number, tookMs: number): void {
    const size = 1 + operations / DOCUMENTS_TWICE;
    const usualMs = Math.max(this.#took.ms, this.#tookByOne.ms * size);
    const isLong = tookMs > Math.max(LONG_MS, usualMs * LONG_TIMES);
    const isKnown = parts.length > 1 && "items" in answer && answer.items.some(isUnavailable);
    for (const { seat, isAnswered } of parts) if (!isAnswered) seat.fit = !isLong || isKnown;
    this.#took.note(tookMs);
    this.#tookByOne.note(tookMs / size);
  }
}

/** The middle of the last times. */
class Usual {
  readonly #recentMs: number[] = [];
  ms = USUAL_AT_FIRST_MS;

  note(tookMs: number): void {
    const recent = this.#recentMs;
    if (recent.push(tookMs) > RECENT) recent.shift();
    this.ms = recent.toSorted((a, b) => a - b)[(recent.length - 1) >> 1] ?? tookMs;
  }
}

function settle(part: SentPart, tell: () => void): void {
  if (part.isAnswered) return;
  part.isAnswered = true;
  tell();
}

/** Not so where it was answered while it waited for a place, or where whoever sent it has ended: his successor may write elsewhere. */
function isAwaited(part: SentPart): boolean {
  if (part.signal.aborted) settle(part, () => part.reject(part.signal.reason));
  return !part.isAnswered;
}

/** An answer that cannot be shared out is none; whoever sends alone looks for himself. */
function matching(whole: BulkAnswer, operations: number, isJoint: boolean): BulkAnswer {
  if (!isJoint || "failure" in whole || whole.items.length === operations) return whole;
  const message = `Elasticsearch answered ${whole.items.length} items for ${operations} operations`;
  return { failure: { kind: "bad_answer", message } };
}

function isUnavailable({ status }: BulkItem): boolean {
  return status === 503;
}

/** What an answer tells about the pace: nothing, where it failed for another reason than a crowd. */
function loadIn(answered: BulkAnswer): BulkLoad | undefined {
  if ("failure" in answered) {
    const { failure } = answered;
    return failure.kind === "response" && failure.status === 429 ? "busy" : undefined;
  }
  let last: BulkItem | null = null;
  let load: BulkLoad | undefined = "good";
  for (const item of answered.items) {
    if (item === last) continue;
    last = item;
    if (item.status === 429) return "busy";
    // Tried again, whatever for.
    if (item.status >= 500) load = undefined;
  }
  return load;
}
