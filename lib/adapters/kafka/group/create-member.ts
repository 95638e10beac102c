import { Commits } from "./coordinator/commits.ts";
import type { GroupMember, GroupMemberOptions } from "./member/member.ts";
import { GroupMembership } from "./membership.ts";

/** Creates a member that joins as soon as a topic is wanted. */
export function createGroupMember(options: GroupMemberOptions): GroupMember {
  const membership = new GroupMembership(options);
  const { subscriptionState, troubles } = membership;
  const commits = new Commits(membership.coordinator, options.groupId, membership, options.time);
  return {
    want: (topics) => membership.want(topics),
    get tenures() {
      return subscriptionState.owned.tenures;
    },
    check: () => membership.check(),
    get isSure() {
      return membership.session.isSure;
    },
    get named() {
      return subscriptionState.last.named;
    },
    partitionsOf: (topic) => subscriptionState.last.partitions.get(topic) ?? null,
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
