import { abortable } from "../../../rules/base/abortable.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { mayWorkElsewhere, tellingFailure } from "../../../rules/trouble/node-trouble.ts";
import { SilentNode } from "./fetch-connection.ts";

export interface AskLimits {
  /** How many may be asked. */
  readonly nodes: number;
  /** For all of them together. */
  readonly timeoutMs: number;
  readonly otherNodes?: "on failure" | "on silence" | undefined;
}

type Failed = { readonly failure: RequestFailure };

interface Asked<T> {
  readonly since: number;
  readonly call: AbortController;
  readonly answer: Promise<{ readonly from: Asked<T>; readonly value: T | Failed }>;
}

const MOST_PATIENCE_MS = 2_000;

/**
 * Asks one node after the other until one does what it is asked. One that is silent is not waited for alone, where that is
 * wanted: the next one is asked beside it, and whoever answers first counts; the silent one is given up as if its time
 * were over.
 *
 * @param ask asks a node that was not asked yet, with the milliseconds that are left
 * @throws the signal's reason, nothing else
 */
export async function askNodes<T extends object>(
  ask: (timeoutMs: number, signal: AbortSignal) => Promise<T | Failed>,
  { nodes, timeoutMs, otherNodes }: AskLimits,
  signal: AbortSignal,
): Promise<T | Failed> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  // So short that every node is asked before the time is over.
  const patienceMs = Math.min(MOST_PATIENCE_MS, timeoutMs / (nodes + 1));
  const underWay = new Set<Asked<T>>();
  const failures: RequestFailure[] = [];
  let asked = 0;

  const askNext = (): void => {
    asked += 1;
    const call = new AbortController();
    const leftMs = Math.max(1, Math.round(timeoutMs - (performance.now() - startedAt)));
    const answer = ask(leftMs, AbortSignal.any([signal, call.signal]));
    const one: Asked<T> = {
      call,
      since: performance.now(),
      answer: answer.then((value) => ({ from: one, value })),
    };
    underWay.add(one);
  };

  try {
    askNext();
    while (underWay.size > 0) {
      const mayAsk = asked < nodes;
      const first = await firstOf(underWay, mayAsk && otherNodes === "on silence" ? patienceMs : null);
      signal.throwIfAborted();
      if (first === null) {
        askNext();
        continue;
      }
      underWay.delete(first.from);
      const { value } = first;
      if (!("failure" in value) || !mayWorkElsewhere(value.failure)) return value;
      failures.push(value.failure);
      if (asked < nodes && performance.now() - startedAt < timeoutMs) askNext();
    }
    return { failure: tellingFailure(failures) };
  } finally {
    const now = performance.now();
    for (const { since, call } of underWay)
      call.abort(
        now - since >= patienceMs ? new SilentNode(now - since) : new Error("another node answered"),
      );
  }
}

/** @returns null: none within the time */
async function firstOf<T>(
  underWay: ReadonlySet<Asked<T>>,
  withinMs: number | null,
): Promise<Awaited<Asked<T>["answer"]> | null> {
  const first = Promise.race([...underWay].map(({ answer }) => answer));
  if (withinMs === null) return first;
  const limit = AbortSignal.timeout(withinMs);
  try {
    return await abortable(first, limit);
  } catch (error) {
    if (!limit.aborted) throw error;
    return null;
  }
}
