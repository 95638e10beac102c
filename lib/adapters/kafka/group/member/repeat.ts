import { sleep, type Time } from "../../../../rules/base/time.ts";

interface Repeated {
  readonly everyMs: number;
  readonly time: Time;
  readonly act: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Calls `act` repeatedly, pausing before each call. Resolves once the signal aborts and no call is running. */
export async function repeat({ everyMs, time, act, onError }: Repeated, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(time, everyMs, signal).catch(() => {});
    if (signal.aborted) return;
    try {
      await act(signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
}
