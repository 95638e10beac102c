import type {
  BulkAnswer,
  BulkItem,
  RequestFailure,
  TargetDocument,
} from "../../../lib/rules/outcomes/bulk-answer.ts";
import { type BulkPart, joinParts, mayBeOnesFault, splitAnswer } from "../../../lib/rules/bulk/joint.ts";
import { mayBeExecuted } from "../../../lib/rules/outcomes/unsure.ts";
import type { BulkLoad } from "../../../lib/rules/limits/pace.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { BulkGate, Leave } from "./bulk-gate.ts";

/** Sends one `_bulk` request. Failures are values; throws only the signal's reason. */
export type SendBulk = (
  body: Buffer,
  options: {
    /** The pipeline of operations that name none; null: none. */
    readonly pipeline: string | null;
    readonly operations: number;
    /** The pattern that covers the target indices; several if the request serves several topics. */
    readonly pattern: string | readonly string[];
    readonly documentAt: (operation: number) => TargetDocument;
    /** How long Elasticsearch waits for a shard or for the creation of an index; absent: as configured. */
    readonly shardTimeoutMs?: number;
    /** Asked once nothing else has to be waited for; false: it must not be sent any more. */
    readonly isDue?: () => boolean;
    readonly signal: AbortSignal;
  },
) => Promise<BulkAnswer>;

export interface BulkRequestsDeps {
  /**
   * Called before each request: ends what this host may not do any more, if it was frozen or cut off.
   * @returns false if another host may send the same records without knowing of this one
   */
  checkTenures(): boolean;
  readonly send: SendBulk;
  readonly gate: BulkGate;
  readonly time: Time;
}

/** A part of a request that waits for its answer. */
export interface SentPart extends BulkPart {
  readonly signal: AbortSignal;
  readonly seat: { fit: boolean };
  /** False: a partition of it moved away, or is read again: another host may already have sent it. */
  isDue(): boolean;
  /** Whether a repeated id may not meet its document: then nothing is sent again before it is looked up. */
  readonly mayMove: boolean;
  /** The first answer counts. */
  isAnswered: boolean;
  resolve(answer: BulkAnswer): void;
  reject(reason: unknown): void;
}

/**
 * How long Elasticsearch may wait for a shard or for the master in a common request or a retry, which hold a place that
 * others may need. Operations that need longer are refused and go alone from then on. Not shorter: a busy master takes
 * seconds for a new index or field, and every topic that needs one would report a trouble that is none.
 */
const SHARD_TIMEOUT_MS = 5_000;
/** The same for a healthy topic that goes alone: it delays nobody. */
const OWN_SHARD_TIMEOUT_MS = 15_000;
/** Without an answer by then, the parts of a common request are sent again alone: no topic waits longer for another. */
const PATIENCE_MS = 2_000;
/**
 * A request is slow if it takes this long and this many times the usual duration: if all are slow, no topic is at
 * fault, and sending alone would only make it worse.
 */
const LONG_MS = 500;
const LONG_TIMES = 4;
/**
 * This many documents may take twice as long as a single one. Otherwise a topic that catches up would look sick beside
 * quiet topics with small requests, and would get one place instead of several.
 */
const DOCUMENTS_TWICE = 64;
/** The usual duration is the median of this many, so that a few hanging requests do not count. */
const RECENT = 16;
const USUAL_AT_FIRST_MS = 10;
const LEAST_JOINT_BYTES = 64 * 1024;

/** Sends the bulk requests of a host, common ones and single ones. */
export class BulkRequests {
  readonly #deps: BulkRequestsDeps;
  readonly #life: AbortSignal;
  #common = 0;
  readonly #took = new Usual();
  /** The same, scaled down to a single document. */
  readonly #tookByOne = new Usual();
  /** Reduced after a 413. */
  #jointBytes = Infinity;

  constructor(deps: BulkRequestsDeps, life: AbortSignal) {
    this.#deps = deps;
    this.#life = life;
  }

  get isCommonUnderWay(): boolean {
    return this.#common > 0;
  }

  get usualMs(): number {
    return this.#took.ms;
  }

  bounded({ maxDocuments, maxBytes }: BulkLimits): BulkLimits {
    return { maxDocuments, maxBytes: Math.min(maxBytes, this.#jointBytes) };
  }

  /** Sends these in one common request and returns the place when it is answered. */
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

  /** Sends one alone. @param again true: a retry */
  sendAlone(part: SentPart, again: boolean, leave: Leave): void {
    void this.#exchange([part], leave, again ? SHARD_TIMEOUT_MS : OWN_SHARD_TIMEOUT_MS);
  }

  /** The same, once there is a place. @param again true: in the half for retries */
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
    const isSure = this.#deps.checkTenures();
    const parts = joined.filter((part) => isAwaited(part, isSure));
    if (parts.length === 0) {
      leave();
      return;
    }
    const isJoint = parts.length > 1;
    const begunMs = time.monotonicMs();
    let isApart = false;
    /** @param failure of the common request, which may still be executed: what it writes are duplicates then */
    const sendApart = (failure: RequestFailure): void => {
      if (isApart) return;
      isApart = true;
      for (const part of parts) {
        if (part.isAnswered) continue;
        if (part.mayMove && mayBeExecuted(failure)) settle(part, () => part.resolve({ failure }));
        else this.enterAlone(part, true);
      }
    };
    const callOff = isJoint ? time.after(this.#patienceMs, () => sendApart(tooSlow)) : null;
    let load: BulkLoad | undefined;
    try {
      const { body, operations, pipeline, patterns, pattern, documentAt } = joinParts(parts);
      const whole = await send(body, {
        pipeline,
        operations,
        pattern: patterns.length === 1 ? pattern : patterns,
        documentAt,
        shardTimeoutMs,
        isDue: () => this.#isDue(parts),
        // A topic that is closed must not abort a request that others wait for.
        signal: isJoint ? this.#life : (parts[0]?.signal ?? this.#life),
      });
      const answer = matching(whole, operations, isJoint);
      load = loadIn(answer);
      this.#judge(parts, answer, operations, time.monotonicMs() - begunMs);
      if (isJoint && "failure" in answer) {
        if (answer.failure.kind === "response" && answer.failure.status === 413)
          this.#jointBytes = Math.max(LEAST_JOINT_BYTES, body.length / 2);
        if (mayBeOnesFault(answer.failure)) sendApart(answer.failure);
        // Each part gets the answer to its own request.
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

  /** Whether none of these may be sent by somebody else meanwhile, where a repeated id may not meet its document. */
  #isDue(parts: readonly SentPart[]): boolean {
    const moving = parts.filter(({ mayMove }) => mayMove);
    return (
      moving.length === 0 || (this.#deps.checkTenures() && moving.every((part) => isAwaited(part, true)))
    );
  }

  get #patienceMs(): number {
    return Math.max(PATIENCE_MS, this.#took.ms * LONG_TIMES);
  }

  /** A slow part goes alone from now on. If it is unknown which one was slow, all do until their own are quick. */
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

const tooSlow: RequestFailure = {
  kind: "timeout",
  message: "a request of several topics was not answered in time",
};

const notSent: RequestFailure = {
  kind: "connection",
  message: "not sent, because a partition has moved to another host meanwhile",
};

const unsureOwner: RequestFailure = {
  kind: "connection",
  message:
    "not sent, because the group's coordinator does not answer: another host may send the same records to the same alias or data stream",
};

/** False if it was answered while it waited, or its sender was closed: the next pump may write elsewhere. */
function isAwaited(part: SentPart, isSure: boolean): boolean {
  if (part.signal.aborted) settle(part, () => part.reject(part.signal.reason));
  else if (!part.isAnswered && !part.isDue()) settle(part, () => part.resolve({ failure: notSent }));
  else if (part.mayMove && !isSure) settle(part, () => part.resolve({ failure: unsureOwner }));
  return !part.isAnswered;
}

/** A common answer with a wrong number of items cannot be split; a single sender checks its own. */
function matching(whole: BulkAnswer, operations: number, isJoint: boolean): BulkAnswer {
  if (!isJoint || "failure" in whole || whole.items.length === operations) return whole;
  const message = `Elasticsearch answered ${whole.items.length} items for ${operations} operations`;
  return { failure: { kind: "bad_answer", message } };
}

function isUnavailable({ status }: BulkItem): boolean {
  return status === 503;
}

/** What an answer says about Elasticsearch's load; undefined: it failed for another reason. */
export function loadIn(answered: BulkAnswer): BulkLoad | undefined {
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
    // Retried for any reason.
    if (item.status >= 500) load = undefined;
  }
  return load;
}
