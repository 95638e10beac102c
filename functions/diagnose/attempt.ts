import { abortable } from "../../lib/rules/base/abortable.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";

/** The time limits of questions. */
export interface Bounds {
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Makes the deadline of one question. */
  readonly deadline: () => AbortSignal;
}

export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Error };

/**
 * Asks one question with a deadline. A failure is a result, too.
 * @throws the reason of `bounds.signal`, nothing else
 */
export async function attempt<T>(
  bounds: Bounds,
  question: (signal: AbortSignal) => Promise<T>,
): Promise<Attempt<T>> {
  bounds.signal.throwIfAborted();
  const deadline = bounds.deadline();
  const signal = AbortSignal.any([bounds.signal, deadline]);
  try {
    return { ok: true, value: await abortable(question(signal), signal) };
  } catch (error) {
    bounds.signal.throwIfAborted();
    if (deadline.aborted) {
      return {
        ok: false,
        error: new PenstockError("deadline_exceeded", "no answer in time", { cause: error }),
      };
    }
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Asks a question for each name, all at once. @returns the error of each name; null if it succeeded */
export async function attemptEach(
  bounds: Bounds,
  names: readonly string[],
  question: (name: string, signal: AbortSignal) => Promise<unknown>,
): Promise<Map<string, Error | null>> {
  const answers = names.map(async (name) => {
    const answer = await attempt(bounds, (signal) => question(name, signal));
    return [name, answer.ok ? null : answer.error] as const;
  });
  return new Map(await Promise.all(answers));
}
