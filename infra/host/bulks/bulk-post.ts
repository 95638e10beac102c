import { packParts } from "../../../lib/rules/bulk/joint.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import type { Leave } from "./bulk-gate.ts";
import { board, type Sender } from "./boarding.ts";
import { BulkRequests, type BulkRequestsDeps } from "./bulk-requests.ts";
import type { DecodeTurns } from "../shares/decode-turns.ts";

/** Joins the bulks of many topics into common requests, as the gate's places allow. */
export interface BulkPost {
  /** Boards the sender when there is a place: with its decode round if nothing is in flight, else with all that gathers. */
  offer(sender: Sender): void;
  more(sender: Sender): void;
  withdraw(sender: Sender): void;
  close(): void;
}

export interface BulkPostDeps extends BulkRequestsDeps {
  limits(): BulkLimits;
  /** One fetch is decoded piece by piece, in one round, and travels together. */
  readonly turns: Pick<DecodeTurns, "isUnderWay" | "onRound">;
}

/** Records that arrive during a common request wait for its answer, for at most this many times its usual duration. */
const GATHER_TIMES = 2;
const GATHER_MS = 100;
/** With this much waiting, a request does not wait for the current decode round; and never longer than this. */
const WORTH_BYTES = 64 * 1024;
const DECODING_MS = 5;

export function createBulkPost(deps: BulkPostDeps): BulkPost {
  const { gate, time } = deps;
  const life = new AbortController();
  const requests = new BulkRequests(deps, life.signal);
  /** Senders that wait to travel with others, in order, with their last known amounts. */
  const waiting = new Map<Sender, { documents: number; bytes: number }>();
  let documents = 0;
  let bytes = 0;
  /** Senders that wait for a place of their own; one that was withdrawn is not here any more. */
  const alone = new Set<Sender>();
  let entering = false;
  /** True: the decode round has just ended. */
  let roundEnded = false;
  let callOff: (() => void) | null = null;

  const count = (sender: Sender): void => {
    const before = waiting.get(sender);
    documents += sender.documents - (before?.documents ?? 0);
    bytes += sender.bytes - (before?.bytes ?? 0);
    if (before === undefined) waiting.set(sender, { documents: sender.documents, bytes: sender.bytes });
    else Object.assign(before, { documents: sender.documents, bytes: sender.bytes });
  };

  const uncount = (sender: Sender): void => {
    const counted = waiting.get(sender);
    if (counted === undefined) return;
    waiting.delete(sender);
    documents -= counted.documents;
    bytes -= counted.bytes;
  };

  const isFull = (): boolean => {
    const limits = deps.limits();
    return documents >= limits.maxDocuments || bytes >= limits.maxBytes;
  };

  /** How long the waiting senders may wait for more; null: send now. */
  const mayGatherMs = (): number | null => {
    if (requests.isCommonUnderWay && !isFull()) return Math.min(requests.usualMs * GATHER_TIMES, GATHER_MS);
    return deps.turns.isUnderWay && !roundEnded && bytes < WORTH_BYTES && !isFull() ? DECODING_MS : null;
  };

  /** Asks for a place if it is time to send. */
  const consider = (): void => {
    if (entering || waiting.size === 0 || life.signal.aborted) return;
    const gatherMs = mayGatherMs();
    if (gatherMs !== null) {
      callOff ??= time.after(gatherMs, () => {
        callOff = null;
        if (waiting.size > 0) enter();
      });
      return;
    }
    enter();
  };

  deps.turns.onRound(() => {
    roundEnded = true;
    consider();
    roundEnded = false;
  });

  const enter = (): void => {
    if (entering) return;
    entering = true;
    callOff?.();
    callOff = null;
    gate.enter(life.signal).then(
      (leave) => {
        entering = false;
        depart(leave);
        consider();
      },
      () => {},
    );
  };

  const depart = (leave: Leave): void => {
    const limits = deps.limits();
    const boarding: Sender[] = [];
    let [left, room] = [limits.maxDocuments, limits.maxBytes];
    for (const [sender, counted] of waiting) {
      if (boarding.length > 0 && (counted.documents > left || counted.bytes > room)) break;
      boarding.push(sender);
      left -= counted.documents;
      room -= counted.bytes;
    }
    for (const sender of boarding) uncount(sender);
    board(boarding, requests, time, (parts) => {
      const [first, ...others] = packParts(parts, requests.bounded(limits));
      if (first === undefined) leave();
      else requests.sendCommon(first, leave, consider);
      for (const more of others) requests.enterCommon(more, consider);
    });
  };

  return {
    offer(sender) {
      if (life.signal.aborted) return;
      if (!sender.alone) {
        count(sender);
        consider();
        return;
      }
      alone.add(sender);
      gate.enter(life.signal, sender.again).then(
        (leave) => {
          if (!alone.delete(sender)) leave();
          else
            board([sender], requests, time, ([part]) => {
              if (part === undefined) leave();
              else requests.sendAlone(part, sender.again, leave);
            });
        },
        () => {},
      );
    },
    more(sender) {
      if (!waiting.has(sender)) return;
      count(sender);
      consider();
    },
    withdraw(sender) {
      uncount(sender);
      alone.delete(sender);
    },
    close() {
      callOff?.();
      life.abort(new Error("the host is stopping"));
    },
  };
}
