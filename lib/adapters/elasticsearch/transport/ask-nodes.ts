import { abortable } from "../../../rules/base/abortable.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { mayWorkElsewhere, tellingFailure } from "../../../rules/trouble/node-trouble.ts";
import { SilentNode } from "./fetch-connection.ts";

export interface AskLimits {
  /** The maximum number of nodes to ask. */
  readonly nodes: number;
  /** For all nodes together. */
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
 * Asks one node after another until one succeeds. With `on silence`, a node that stays silent for a moment is not
 * waited for alone: the next one is asked in parallel and the first answer counts. A silent node is then aborted as if
 * it had timed out.
 *
 * @param ask sends the request to a node that was not asked yet, with the milliseconds left
 * @throws the signal's reason, nothing else
 */
export async function askNodes<T extends object>(
  ask: (timeoutMs: number, signal: AbortSignal) => Promise<T | Failed>,
  { nodes, timeoutMs, otherNodes }: AskLimits,
  signal: AbortSignal,
): Promise<T | Failed> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  // Short enough to ask every node before the time is over.
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

/** @returns null if no answer arrives in time */
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
