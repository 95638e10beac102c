import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { sleep, type Time } from "../../../lib/rules/base/time.ts";

/** One topic, as who commits for all of them sees it. */
export interface Committable {
  /** What may be committed and is not yet. @param only of these; absent: of all */
  uncommitted(only?: readonly Tenure[]): CommitEntry[];
  committed(entry: CommitEntry): void;
  commitFailed(error: unknown): void;
}

interface Due {
  readonly topic: Committable;
  readonly entry: CommitEntry;
}

/** Commits for all topics of a host, in one request for what came together, never more than one at a time. */
export interface HostCommitter {
  /** Something of it may have become committable. */
  schedule(topic: Committable): void;
  /** Resolves once nothing of it is left to commit. @param only of these; absent: of all. @throws the signal's reason */
  flush(topic: Committable, only: readonly Tenure[] | undefined, signal: AbortSignal): Promise<void>;
  /** Nothing of it is committed any more. */
  forget(topic: Committable): void;
  close(): void;
}

export interface CommitterDeps {
  /** As the group's member does. */
  commit(entries: readonly CommitEntry[], signal: AbortSignal): Promise<ReadonlyMap<Tenure, string>>;
  readonly time: Time;
}

/** Commits are gathered for so long: the first one after a pause goes out at once. */
const INTERVAL_MS = 500;
/** Of many partitions for longer: where each has a record now and then, a commit for every record costs as much as the record. */
const EACH_MS = 5;
const LONGEST_MS = 1_500;
const RETRY_MS = 1_000;
/** The coordinator stores what comes in one request as one record batch, of 1 MB by default; names may take 249 bytes. */
const MAX_ENTRIES = 1_000;

export function createHostCommitter(deps: CommitterDeps): HostCommitter {
  const { time } = deps;
  const life = new AbortController();
  const dirty = new Set<Committable>();
  let committing: Promise<void> | null = null;
  let callOff: (() => void) | null = null;
  let nextAtMs = -Infinity;

  const arm = (): void => {
    if (callOff !== null || committing !== null || dirty.size === 0 || life.signal.aborted) return;
    callOff = time.after(Math.max(0, nextAtMs - time.monotonicMs()), () => {
      callOff = null;
      void run();
    });
  };

  /** All that is due, once. Whoever comes while it is under way is looked at when it is over. */
  const run = (): Promise<void> =>
    (committing ??= commitDirty().finally(() => {
      committing = null;
      arm();
    }));

  const commitDirty = async (): Promise<void> => {
    const topics = [...dirty];
    dirty.clear();
    const due = topics.flatMap((topic) => topic.uncommitted().map((entry) => ({ topic, entry })));
    if (due.length === 0) return;
    const gatherMs = Math.min(LONGEST_MS, due.length * EACH_MS);
    nextAtMs = time.monotonicMs() + Math.max(INTERVAL_MS, gatherMs);
    for (let at = 0; at < due.length && !life.signal.aborted; at += MAX_ENTRIES)
      await commitSome(due.slice(at, at + MAX_ENTRIES));
  };

  const commitSome = async (due: readonly Due[]): Promise<void> => {
    /** What went wrong, by the first of each topic's. */
    const failed = new Map<Committable, unknown>();
    try {
      const refused = await deps.commit(
        due.map(({ entry }) => entry),
        life.signal,
      );
      for (const { topic, entry } of due) {
        const why = refused.get(entry.tenure);
        if (why === undefined) topic.committed(entry);
        // Whoever has it now commits it.
        else if (why !== "TENURE_ENDED" && !failed.has(topic)) failed.set(topic, new Error(why));
      }
    } catch (error) {
      for (const { topic } of due) failed.set(topic, error);
    }
    if (life.signal.aborted) return;
    // Nothing is lost by it: the offsets go out with the next commit, or what they cover is read again by who has it then.
    if (failed.size > 0) nextAtMs = time.monotonicMs() + RETRY_MS;
    for (const [topic, error] of failed) {
      dirty.add(topic);
      topic.commitFailed(error);
    }
  };

  return {
    schedule(topic) {
      dirty.add(topic);
      arm();
    },
    async flush(topic, only, signal) {
      for (;;) {
        // What is under way may know of less.
        while (committing !== null) await abortable(committing, signal);
        if (topic.uncommitted(only).length === 0 || life.signal.aborted) return;
        // With all others that are due: thousands may be handed over, or end, at the same time.
        dirty.add(topic);
        await abortable(run(), signal);
        if (topic.uncommitted(only).length > 0) await sleep(time, INTERVAL_MS, signal);
      }
    },
    forget: (topic) => void dirty.delete(topic),
    close() {
      life.abort(new Error("the committer was closed"));
      callOff?.();
      callOff = null;
    },
  };
}
