import { abortable } from "../../../rules/base/abortable.ts";
import type { Time } from "../../../rules/base/time.ts";

/**
 * Starts one try after another: the next once one has failed, or has not answered within `nextAfterMs`. The first
 * answer counts.
 * @throws the error of the try that failed first, once all have failed; the signal's reason
 */
export async function firstOf<T>(
  tries: readonly (() => Promise<T>)[],
  time: Time,
  nextAfterMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const answered = Promise.withResolvers<T>();
  const failures: unknown[] = [];
  let begun = 0;
  let isOver = false;
  let callOff = (): void => {};
  const begin = (): void => {
    callOff();
    const attempt = tries[begun];
    if (isOver || attempt === undefined) return;
    begun += 1;
    callOff = time.after(nextAfterMs, begin);
    attempt().then(answered.resolve, (error: unknown) => {
      failures.push(error);
      if (failures.length === tries.length) answered.reject(failures[0]);
      else begin();
    });
  };
  if (tries.length === 0) throw new RangeError("nothing to try");
  begin();
  try {
    return await (signal === undefined ? answered.promise : abortable(answered.promise, signal));
  } finally {
    isOver = true;
    callOff();
  }
}
