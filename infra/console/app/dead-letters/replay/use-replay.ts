import { useEffect, useState } from "../../hooks/hooks.ts";
import type { ReplayJob } from "../../../../api/letters/dead-letters.ts";
import { ApiError, ask } from "../../state/api.ts";

/** The last known state of a replay; both are null until the host answered. */
export interface SeenReplay {
  readonly job: ReplayJob | null;
  readonly error: string | null;
}

const POLL_MS = 1_000;

/** Polls a replay once a second until it ends; null polls nothing. */
export function useReplay(id: string | null): SeenReplay {
  const [seen, see] = useState<SeenReplay & { readonly of: string | null }>({
    of: null,
    job: null,
    error: null,
  });
  useEffect(() => {
    if (id === null) return undefined;
    const life = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      let again = true;
      try {
        const job = await ask<ReplayJob>(`/replay/${encodeURIComponent(id)}`, { signal: life.signal });
        see({ of: id, job, error: null });
        again = job.state === "running";
      } catch (thrown) {
        if (life.signal.aborted) return;
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        see((before) => ({ of: id, job: before.of === id ? before.job : null, error }));
        // A job the host does not know stays unknown, but an unreachable host may come back.
        again = !(thrown instanceof ApiError) || thrown.status === 0 || thrown.status >= 500;
      }
      if (again && !life.signal.aborted) timer = setTimeout(() => void look(), POLL_MS);
    };
    void look();
    return () => {
      life.abort();
      clearTimeout(timer);
    };
  }, [id]);
  return seen.of === id ? seen : { job: null, error: null };
}
