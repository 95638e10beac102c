/**
 * Waits for a promise until the signal aborts. The promise itself goes on. If it fails later, the failure is not
 * reported as unhandled, because the caller already has the abort.
 * @throws the signal's reason, or what the promise rejects with
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  // The rejection goes first: if both are settled, the first one wins the race, and nothing may start after an abort.
  if (signal.aborted) return Promise.race([Promise.reject(signal.reason), promise]);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
