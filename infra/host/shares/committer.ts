import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { sleep, type Time } from "../../../lib/rules/base/time.ts";

export interface Committable {
  /** Commits that are due. @param only of these; absent: of all */
  uncommitted(only?: readonly Tenure[]): CommitEntry[];
  committed(entry: CommitEntry): void;
  commitFailed(error: unknown): void;
}

interface Due {
  readonly topic: Committable;
  readonly entry: CommitEntry;
}

/** Commits for all topics of a host, gathered into requests, one at a time. */
export interface HostCommitter {
  schedule(topic: Committable): void;
  /** Resolves once nothing is left to commit. @param only of these; absent: of all. @throws the signal's reason */
  flush(topic: Committable, only: readonly Tenure[] | undefined, signal: AbortSignal): Promise<void>;
  /**
   * Commits this entry beside nothing else: what was sent before is answered, what follows waits.
   * @returns why it was refused; null if it was not
   * @throws what `GroupMember.commit` throws, the signal's reason
   */
  alone(entry: CommitEntry, signal: AbortSignal): Promise<string | null>;
  forget(topic: Committable): void;
  close(): void;
}

export interface CommitterDeps {
  commit(entries: readonly CommitEntry[], signal: AbortSignal): Promise<ReadonlyMap<Tenure, string>>;
  readonly time: Time;
}

/** Shortest time between commits; the first one after a pause goes out at once. */
const INTERVAL_MS = 500;
/** Per partition: with many slow ones, a commit for every record would cost as much as the record. */
const EACH_MS = 5;
const LONGEST_MS = 1_500;
const RETRY_MS = 1_000;
/** The coordinator stores one request as one record batch, of 1 MB by default; a topic name may take 249 bytes. */
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

  /** Commits all that is due, once. What becomes due meanwhile is committed afterwards. */
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
    const failed = new Map<Committable, unknown>();
    try {
      const refused = await deps.commit(
        due.map(({ entry }) => entry),
        life.signal,
      );
      for (const { topic, entry } of due) {
        const why = refused.get(entry.tenure);
        if (why === undefined) topic.committed(entry);
        // The partition's new owner commits it.
        else if (why !== "TENURE_ENDED" && !failed.has(topic)) failed.set(topic, new Error(why));
      }
    } catch (error) {
      for (const { topic } of due) failed.set(topic, error);
    }
    if (life.signal.aborted) return;
    // Nothing is lost: the offsets go out with the next commit, or the next owner reads the records again.
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
        // A commit under way may not include the latest outcomes.
        while (committing !== null) await abortable(committing, signal);
        if (topic.uncommitted(only).length === 0 || life.signal.aborted) return;
        // Together with all others that are due: thousands of partitions may be handed over at the same time.
        dirty.add(topic);
        await abortable(run(), signal);
        if (topic.uncommitted(only).length > 0) await sleep(time, INTERVAL_MS, signal);
      }
    },
    async alone(entry, signal) {
      while (committing !== null) await abortable(committing, signal);
      const answer = deps.commit([entry], AbortSignal.any([life.signal, signal]));
      committing = answer.then(
        () => {},
        () => {},
      );
      try {
        return (await answer).get(entry.tenure) ?? null;
      } finally {
        committing = null;
        arm();
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
