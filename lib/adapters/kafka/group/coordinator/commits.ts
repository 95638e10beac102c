import { backoffMs } from "../../../../rules/base/backoff.ts";
import { commitMetadata } from "../../../../rules/offsets/checkpoint.ts";
import { groupAnswer } from "../../../../rules/group/answers.ts";
import { sleep, type Time } from "../../../../rules/base/time.ts";
import type { GroupToken, OfTopic } from "../../protocol/wire.ts";
import { type Coordinator, coordinatorError } from "./coordinator.ts";
import type { CommitEntry } from "../member/member.ts";
import type { Tenure } from "../member/tenure.ts";
import { COMMIT_MS } from "../member/timing.ts";
import type { Troubles } from "../member/troubles.ts";

/** A batch size that Kafka's log cleaner and clients are used to; larger ones would delay heartbeats. */
const MOST_COMMITTED = 1_000;
/** A refused commit with no more entries than this was not refused for its size. */
const FEW = 16;
const MOST_ASKED = 10_000;
/** The phase between the last join and the assignment takes some milliseconds. */
const REBALANCE_PAUSE_MS = 25;
const BACKOFF = { initialMs: 50, maxMs: 1_000 };
/** Some seconds in total; then the caller gets the error and may try again. */
const MOST_TRIES = 8;

/** The part of the membership that commits depend on. */
export interface CommitRights {
  /** Returns the token for commits, or null while syncing or outside the group. */
  token(): GroupToken | null;
  /** Ends all tenures if the session must have expired. */
  check(): void;
  /** Reports the coordinator's error for a request sent under the token. */
  onAnswer(token: GroupToken, error: string): void;
  readonly troubles: Troubles;
}

export type Committed = ReadonlyMap<
  string,
  ReadonlyMap<number, { offset: number | null; metadata: string | null }>
>;

/** Commits and fetches offsets, across rebalances and coordinator changes. */
export class Commits {
  readonly #coordinator: Coordinator;
  readonly #groupId: string;
  readonly #rights: CommitRights;
  readonly #time: Time;

  constructor(coordinator: Coordinator, groupId: string, rights: CommitRights, time: Time) {
    this.#coordinator = coordinator;
    this.#groupId = groupId;
    this.#rights = rights;
    this.#time = time;
  }

  async commit(entries: readonly CommitEntry[], signal: AbortSignal): Promise<ReadonlyMap<Tenure, string>> {
    const refused = new Map<Tenure, string>();
    for (let from = 0, most = MOST_COMMITTED; from < entries.length;) {
      const some = portionOf(entries, from, most);
      if (await this.#commitSome(some, refused, signal)) from += some.length;
      else most = Math.max(FEW, some.length >>> 1);
    }
    return refused;
  }

  async committed(
    partitions: ReadonlyMap<string, readonly number[]>,
    signal: AbortSignal,
  ): Promise<Committed> {
    const found = new Map<string, Map<number, { offset: number | null; metadata: string | null }>>();
    for (const topics of inPortions(partitions, MOST_ASKED)) {
      const answered = await this.#ask(topics, signal);
      this.#rights.troubles.committed(
        answered.flatMap(({ topic, partitions: told }) => told.map(({ error }) => ({ topic, error }))),
      );
      for (const { topic, partitions: told } of answered) {
        const own = found.get(topic) ?? new Map<number, { offset: number | null; metadata: string | null }>();
        found.set(topic, own);
        for (const { partition, error, offset, metadata } of told) {
          // A refused partition is left out: it must not be mistaken for one without a commit.
          if (error === null)
            own.set(partition, { offset: offset < 0 ? null : offset, metadata: metadata || null });
        }
      }
    }
    return found;
  }

  /**
   * The coordinator accepts commits of the current generation while the group is stable or preparing a rebalance.
   * Between the last join and the leader's assignment it answers `REBALANCE_IN_PROGRESS`
   * (`GroupCoordinator.doCommitOffsets`); what is still ours is then committed under the next generation. It does not
   * check who owns a partition; tenures do that.
   * @returns false if the commit may be too large
   */
  async #commitSome(
    entries: readonly CommitEntry[],
    refused: Map<Tenure, string>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let left = entries;
    const giveUp = (isMeant: (entry: CommitEntry) => boolean, why: string): void => {
      for (const entry of left) if (isMeant(entry)) refused.set(entry.tenure, why);
      left = left.filter((entry) => !isMeant(entry));
    };
    const isOnce = ({ once }: CommitEntry): boolean => once === true;
    for (let tries = 1; ;) {
      signal.throwIfAborted();
      this.#rights.check();
      const token = this.#rights.token();
      giveUp(({ tenure }) => tenure.ended, "TENURE_ENDED");
      if (token === null) giveUp(isOnce, "REBALANCE_IN_PROGRESS");
      if (left.length === 0) return true;
      if (token === null) {
        await sleep(this.#time, REBALANCE_PAUSE_MS, signal);
        continue;
      }
      const groupError = await this.#commitOnce(token, left, refused, signal);
      if (groupError === null) return true;
      const answer = groupAnswer(groupError);
      if (answer === "too_large") return false;
      this.#rights.onAnswer(token, groupError);
      giveUp(isOnce, groupError);
      if (answer === "refused" || (answer === "moving" && tries > MOST_TRIES))
        throw coordinatorError(groupError, this.#groupId);
      const pauseMs =
        answer === "moving" ? backoffMs(BACKOFF, tries, this.#time.random()) : REBALANCE_PAUSE_MS;
      if (answer === "moving") tries += 1;
      await sleep(this.#time, pauseMs, signal);
    }
  }

  /** @returns the error if it concerns the whole group; null if each partition was answered separately */
  async #commitOnce(
    token: GroupToken,
    entries: readonly CommitEntry[],
    refused: Map<Tenure, string>,
    signal: AbortSignal,
  ): Promise<string | null> {
    const tenures = new Map<string, Map<number, Tenure>>();
    const topics = new Map<string, { partition: number; offset: number; metadata: string | null }[]>();
    for (const { tenure, offset, last, place = null, marks = null } of entries) {
      const { topic, partition } = tenure;
      const metadata = commitMetadata({ last, place, marks }, offset);
      topics.getOrInsertComputed(topic, () => []).push({ partition, offset, metadata });
      tenures.getOrInsertComputed(topic, () => new Map()).set(partition, tenure);
    }
    const request = {
      ...token,
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    };
    const how = { lane: "questions", timeoutMs: COMMIT_MS, signal } as const;
    const answer = await this.#coordinator.call("OffsetCommit", request, how);
    const answered = answer.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, error }) => ({ topic, partition, error })),
    );
    for (const { error } of answered) if (error !== null && isAboutAll(error, answered.length)) return error;
    for (const { topic, partition, error } of answered) {
      const tenure = tenures.get(topic)?.get(partition);
      if (error !== null && tenure !== undefined) refused.set(tenure, error);
    }
    this.#rights.troubles.committed(answered);
    return null;
  }

  async #ask(topics: readonly OfTopic<number>[], signal: AbortSignal) {
    for (let tries = 1; ; tries += 1) {
      const how = { lane: "questions", timeoutMs: COMMIT_MS, signal } as const;
      const answer = await this.#coordinator.call("OffsetFetch", { groupId: this.#groupId, topics }, how);
      const moved = answer.topics
        .flatMap(({ partitions }) => partitions.map(({ error }) => error))
        .find((error) => error !== null && groupAnswer(error) === "moving");
      const error = answer.error ?? moved ?? null;
      if (error === null) return answer.topics;
      if (groupAnswer(error) !== "moving" || tries > MOST_TRIES) throw coordinatorError(error, this.#groupId);
      this.#coordinator.forget();
      await sleep(this.#time, backoffMs(BACKOFF, tries, this.#time.random()), signal);
    }
  }
}

/** @param together the number of entries in the commit, which is one record batch and may be too large as a whole */
function isAboutAll(error: string, together: number): boolean {
  const answer = groupAnswer(error);
  return answer === "too_large" ? together > FEW : answer !== "failed";
}

/**
 * Returns up to `most` entries without splitting a topic, unless the topic alone has more. If a rebalance let only half
 * of a topic be stored, the topic would count as read before, and its other partitions would start at the beginning of
 * the log.
 */
function portionOf(entries: readonly CommitEntry[], from: number, most: number): readonly CommitEntry[] {
  const end = Math.min(entries.length, from + most);
  let whole = end;
  while (whole > from && entries[whole]?.tenure.topic === entries[whole - 1]?.tenure.topic) whole -= 1;
  return entries.slice(from, whole > from ? whole : end);
}

/** Splits into as few requests as possible with at most `most` partitions each; a topic is never split. */
function* inPortions(
  partitions: ReadonlyMap<string, readonly number[]>,
  most: number,
): Generator<OfTopic<number>[]> {
  let portion: OfTopic<number>[] = [];
  let size = 0;
  for (const [topic, own] of partitions) {
    if (size > 0 && size + own.length > most) {
      yield portion;
      [portion, size] = [[], 0];
    }
    portion.push({ topic, partitions: own });
    size += own.length;
  }
  if (portion.length > 0) yield portion;
}
