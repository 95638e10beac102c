import { Commits } from "./coordinator/commits.ts";
import type { GroupMember, GroupMemberOptions } from "./member/member.ts";
import { GroupMembership } from "./membership.ts";

/** Joins once anything is wanted. */
export function createGroupMember(options: GroupMemberOptions): GroupMember {
  const membership = new GroupMembership(options);
  const { allotment, troubles } = membership;
  const commits = new Commits(membership.coordinator, options.groupId, membership, options.time);
  return {
    want: (topics) => membership.want(topics),
    get tenures() {
      return allotment.holdings.tenures;
    },
    get named() {
      return allotment.told.named;
    },
    partitionsOf: (topic) => allotment.told.partitions.get(topic) ?? null,
    get trouble() {
      return troubles.ofMember;
    },
    get troubles() {
      return troubles.ofTopics;
    },
    commit: (entries, signal) => commits.commit(entries, signal),
    committed: (partitions, signal) => commits.committed(partitions, signal),
    leave: () => membership.leave(),
  };
}
