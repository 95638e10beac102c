import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import type { ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { FoundHolders, LetterStanding } from "../../lib/rules/dead-letters/letter-state.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { indexPatternOf, resolveIndex } from "../../lib/rules/model/names.ts";

/**
 * Finds which index has which document. Documents that Elasticsearch has not made searchable yet are not found.
 * @param indices names and patterns; null for all indices
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`, also if no shard answers
 */
export type FindHolders = (
  indices: readonly string[] | null,
  ids: readonly string[],
  signal: AbortSignal,
) => Promise<FoundHolders>;

export interface LetterStandingsDeps {
  readonly findHolders: FindHolders;
  readonly signal: AbortSignal;
  /** After it, letters are no longer looked up; null for no such limit. */
  readonly deadline: AbortSignal | null;
  /** Where a replay has just sent them, if it did; may contain `{topic}`. */
  readonly sentTo?: string;
}

/** Looks up what became of letters' records. */
export interface LetterStandings {
  /** @throws only a signal's reason */
  of(letters: readonly ReadDeadLetter[]): Promise<readonly LetterStanding[]>;
  /** Why some are unknown, or may be counted as open although an index has them, in sentences. */
  problems(): readonly string[];
}

/** How many are looked up in all indices of the cluster if those of their topic do not have them. */
const MAX_ELSEWHERE = 5_000;
/** How many indices are asked alone, of a batch of letters, if one of them misses a shard. */
const MAX_ALONE = 20;
const unknown: LetterStanding = { state: "unknown", heldBy: null };
const open: LetterStanding = { state: "open", heldBy: null };

/**
 * Looks first in the indices that refused the letters, and where they were sent. An earlier replay may have sent them to any
 * other index, so what is not there is looked up in all indices, up to a limit.
 */
export function letterStandings({
  findHolders,
  signal,
  deadline,
  sentTo,
}: LetterStandingsDeps): LetterStandings {
  const problems = new Set<string>();
  let lookedElsewhere = 0;

  /** @throws the signal's reason, or a bug */
  const reasonOf = (error: unknown): string => {
    signal.throwIfAborted();
    if (!(error instanceof PenstockError)) throw error;
    return messageOf(error);
  };
  const note = (what: string, error: unknown): void => {
    problems.add(`${what} is unknown: ${reasonOf(error)}`);
  };

  /** `unseen`: what may be there all the same. */
  async function holdersOf(letters: readonly ReadDeadLetter[]): Promise<{
    readonly holders: ReadonlyMap<string, string>;
    readonly unseen: ReadonlySet<string>;
  }> {
    const ids = letters.map(({ topic, record }) => documentId(topic, record));
    const named = letters.flatMap(({ topic, index }) =>
      sentTo === undefined ? index : [index, resolveIndex(sentTo, topic)],
    );
    const indices = new Set(named.map(indexPatternOf));
    const own = await findHolders([...indices], ids, signal);
    const missing = ids.filter((id) => !own.holders.has(id));
    const some = missing.slice(0, MAX_ELSEWHERE - lookedElsewhere);
    if (some.length < missing.length)
      problems.add(
        `only ${MAX_ELSEWHERE} letters were looked up in all indices; others were looked up only in the index that refused them`,
      );
    if (missing.length === 0) return { holders: own.holders, unseen: new Set() };
    const elsewhere = await lookElsewhere(some);
    const holders = new Map([...own.holders, ...(elsewhere?.holders ?? [])]);
    const left = missing.filter((id) => !holders.has(id));
    if (left.length === 0) return { holders, unseen: new Set() };
    for (const problem of elsewhere?.problems ?? [])
      problems.add(`a letter whose record went to another index may be counted as open: ${problem}`);
    const hidden = own.problems.length === 0 ? [] : await hiddenOf(letters, new Set(left));
    return { holders, unseen: new Set([...hidden, ...(elsewhere === null ? some : [])]) };
  }

  /** Those that may be in their own index all the same: the lost shards of one index must not hide what others lack. */
  async function hiddenOf(letters: readonly ReadDeadLetter[], left: ReadonlySet<string>): Promise<string[]> {
    const hidden: string[] = [];
    const byIndex = Map.groupBy(letters, ({ index }) => indexPatternOf(index));
    for (const [at, [index, some]] of [...byIndex].entries()) {
      const ids = some.map(({ topic, record }) => documentId(topic, record)).filter((id) => left.has(id));
      if (ids.length === 0) continue;
      const reason = at < MAX_ALONE ? await lostOf(index, ids) : "it was not looked at alone";
      if (reason === null) continue;
      problems.add(`what is in index ${index} is not known as a whole: ${reason}`);
      hidden.push(...ids);
    }
    return hidden;
  }

  /** Why an index may have what it does not show; null if it has nothing else. */
  async function lostOf(index: string, ids: readonly string[]): Promise<string | null> {
    try {
      return (await findHolders([index], ids, signal)).problems[0] ?? null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Null if nothing answers. */
  async function lookElsewhere(ids: readonly string[]): Promise<FoundHolders | null> {
    if (ids.length === 0) return { holders: new Map(), problems: [] };
    lookedElsewhere += ids.length;
    try {
      return await findHolders(null, ids, signal);
    } catch (error) {
      note("what other indices have", error);
      return null;
    }
  }

  return {
    async of(letters) {
      if (deadline?.aborted === true) {
        problems.add("there was no time to look up all letters");
        return letters.map(() => unknown);
      }
      // A letter for a whole record batch does not say which ids its records have.
      const single = letters.filter(({ batch }) => batch === undefined);
      if (single.length < letters.length)
        problems.add("letters for whole record batches are not looked up: a replay reads their records");
      if (single.length === 0) return letters.map(() => unknown);
      try {
        const { holders, unseen } = await holdersOf(single);
        return letters.map(({ topic, record, batch }) => {
          if (batch !== undefined) return unknown;
          const id = documentId(topic, record);
          const heldBy = holders.get(id) ?? null;
          if (heldBy !== null) return { state: "resolved", heldBy };
          return unseen.has(id) ? unknown : open;
        });
      } catch (error) {
        note("what is in the index", error);
        return letters.map(() => unknown);
      }
    },
    problems: () => [...problems],
  };
}
