import type { CommitEntry, GroupMember } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Time } from "../../../lib/rules/base/time.ts";

/**
 * Commits where records of a partition will go, before the first one is sent there. Otherwise a host that is killed before
 * its first commit would leave records at a place that nobody knows of once a declaration or an alias has changed.
 */
export interface PlaceNotes {
  /**
   * @returns by tenure: why it was refused
   * @throws what `GroupMember.commit` throws
   */
  write(entries: readonly CommitEntry[]): Promise<ReadonlyMap<Tenure, string>>;
}

/** Many topics are assigned at the same moment: one commit for all of them. */
const GATHER_MS = 5;

export function createPlaceNotes(commit: GroupMember["commit"], time: Time, signal: AbortSignal): PlaceNotes {
  let gathered: {
    readonly entries: CommitEntry[];
    readonly written: ReturnType<PlaceNotes["write"]>;
  } | null = null;
  return {
    write(entries) {
      if (gathered !== null) {
        gathered.entries.push(...entries);
        return gathered.written;
      }
      const all = [...entries];
      const { promise, resolve } = Promise.withResolvers<ReadonlyMap<Tenure, string>>();
      time.after(GATHER_MS, () => {
        gathered = null;
        resolve(commit(all, signal));
      });
      gathered = { entries: all, written: promise };
      return promise;
    },
  };
}
