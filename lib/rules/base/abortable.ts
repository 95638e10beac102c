/**
 * Waits for a promise no longer than until the signal aborts. The promise itself goes on; its late failure is
 * not reported as unhandled, since whoever asked has been told already.
 * @throws the signal's reason, or what the promise rejects with
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  // In front: of two that are over, the race is the first one's, and nothing is to be begun after an abort.
  if (signal.aborted) return Promise.race([Promise.reject(signal.reason), promise]);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
