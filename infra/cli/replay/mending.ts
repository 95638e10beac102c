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
import { PenstockError } from "../../../lib/rules/base/errors.ts";
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
  /** What limits the numbers of letters, in sentences. */
  readonly statesProblems: readonly string[];
}

/** Each may take minutes to try. */
const MAX_GROUPS = 20;

/**
 * Looks at each group of a digest of which letters are left. What is wrong with one group does not keep the others from it.
 * @param wanted `into`: where else the letters may go; may contain `{topic}`
 * @param onGroup called before each, with the number of those before it
 * @throws PenstockError `kafka_…` or `elasticsearch_unavailable`; the signal's reason
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
  for (const group of some) {
    onGroup(groups.length, some.length);
    groups.push(await mended(group));
  }
  return { groups, more: left.length - some.length, statesProblems };

  async function mended(group: DigestGroup): Promise<MendedGroup> {
    const { topic, index, field, error } = group;
    const into = wanted.into === null ? null : resolveIndex(wanted.into, topic);
    const input = { ...wanted, group: { topic, index, field, error }, into };
    try {
      const mending = await (wanted.isTried ? tryMending(input, deps) : proposeMending(input, deps));
      return { group, mending, problem: null };
    } catch (thrown) {
      const isItsOwn =
        thrown instanceof PenstockError && ["usage", "elasticsearch_refused"].includes(thrown.code);
      if (!isItsOwn) throw thrown;
      return { group, mending: null, problem: thrown.message };
    }
  }
}
