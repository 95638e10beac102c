import type { DigestResult } from "../../../functions/digest-dead-letters.ts";
import {
  type MendInput,
  type Mending,
  proposeMending,
  type TriedMending,
  tryMending,
  type TryMendingDeps,
} from "../../../functions/mend-letters.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import { type ErrorCode, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { DigestGroup } from "../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { resolveIndex } from "../../../lib/rules/model/names.ts";

/** A group of letters, some of them not in any index, and what would make its index take them. */
export interface MendedGroup {
  readonly group: DigestGroup;
  /** Null if it could not be looked at. */
  readonly mending: Mending | TriedMending | null;
  /** Why; null otherwise. */
  readonly problem: string | null;
}

export interface MendedGroups {
  /** Those with most letters first. */
  readonly groups: readonly MendedGroup[];
  /** How many more groups there are. */
  readonly more: number;
  /** Why these were not looked at, although there was room for them; null if nothing ended it. */
  readonly ended: string | null;
  /** What limits the numbers of letters, in sentences. */
  readonly statesProblems: readonly string[];
}

/** Each may take minutes to try. */
const MAX_GROUPS = 20;
/** With so many groups in a row for which a server is away, it is away for all. */
const MAX_AWAY = 2;
const AWAY: ReadonlySet<ErrorCode> = new Set(["kafka_unavailable", "elasticsearch_unavailable"]);

/**
 * Looks at each group of a digest of which letters are left. What is wrong with one group does not keep the others from it,
 * unless a server is away.
 * @param wanted `into`: where else the letters may go; may contain `{topic}`
 * @param onGroup called before each, with the number of those before it
 * @throws the signal's reason
 */
export async function mendGroups(
  { groups: all, statesProblems }: Pick<DigestResult, "groups" | "statesProblems">,
  wanted: Omit<MendInput, "group"> & { readonly limits: BulkLimits; readonly isTried: boolean },
  deps: TryMendingDeps,
  onGroup: (done: number, total: number) => void,
): Promise<MendedGroups> {
  const left = all.filter(({ count, states }) => states.resolved < count);
  const some = left.slice(0, MAX_GROUPS);
  const groups: MendedGroup[] = [];
  let away = 0;
  let ended: string | null = null;
  for (const group of some) {
    onGroup(groups.length, some.length);
    const { isAway, ...one } = await mended(group);
    groups.push(one);
    away = isAway ? away + 1 : 0;
    if (away < MAX_AWAY || groups.length === some.length) continue;
    ended = one.problem;
    break;
  }
  return { groups, more: left.length - groups.length, ended, statesProblems };

  async function mended(group: DigestGroup): Promise<MendedGroup & { readonly isAway: boolean }> {
    const { topic, index, field, error } = group;
    const into = wanted.into === null ? null : resolveIndex(wanted.into, topic);
    const input = { ...wanted, group: { topic, index, field, error }, into };
    try {
      const mending = await (wanted.isTried ? tryMending(input, deps) : proposeMending(input, deps));
      return { group, mending, problem: null, isAway: false };
    } catch (thrown) {
      deps.signal.throwIfAborted();
      if (!(thrown instanceof PenstockError)) throw thrown;
      return { group, mending: null, problem: thrown.message, isAway: AWAY.has(thrown.code) };
    }
  }
}
