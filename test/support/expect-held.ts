const TRIES = 3;

/**
 * Expects that this holds, at least once: it measures times, or lets sessions of 6 s expire or last. A machine that stands
 * still for seconds breaks it now and then; a broker or a member that follows another rule breaks it each time.
 * @param isExcused whether a failure may be the machine's
 */
export async function expectHeld(act: () => Promise<unknown>, isExcused = () => true): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (tries === TRIES || !isExcused()) throw error;
    }
  }
}
