import type { Assignment } from "../../../../rules/group/protocol/assignment.ts";
import { OwnedPartitions } from "./owned-partitions.ts";
import type { GroupMemberOptions } from "../member/member.ts";
import { Revocations } from "./revocations.ts";
import type { Tenure } from "../member/tenure.ts";
import { isCurrent, NO_ASSIGNMENT, type LastAssignment, lastAssignmentOf } from "./last-assignment.ts";

/** The topics this member wants, the last assignment, and the partitions it owns. */
export class SubscriptionState {
  readonly owned = new OwnedPartitions();
  readonly #options: GroupMemberOptions;
  readonly #revocations: Revocations;
  #wanted: ReadonlySet<string> = new Set();
  #last: LastAssignment = NO_ASSIGNMENT;

  /** @param onReleased called when revoked partitions are finished and free for other members */
  constructor(options: GroupMemberOptions, onReleased: () => void) {
    this.#options = options;
    this.#revocations = new Revocations(options, this.owned, onReleased);
  }

  get wanted(): ReadonlySet<string> {
    return this.#wanted;
  }

  get last(): LastAssignment {
    return this.#last;
  }

  /** Nothing is wanted or held. */
  get isIdle(): boolean {
    return this.#wanted.size === 0 && this.owned.isEmpty;
  }

  /** True if the group knows the current wanted topics. */
  get isCurrent(): boolean {
    return isCurrent(this.#last, this.#wanted, this.owned);
  }

  want(topics: ReadonlySet<string>): void {
    this.#wanted = topics;
    this.#revocations.start(({ topic }) => topics.has(topic));
  }

  /** Stores the leader's answer, before `apply`. @param asked the topics in the order in which they were sent */
  remember(assignment: Assignment, asked: readonly string[], generation: number): void {
    this.#last = lastAssignmentOf(assignment, asked, generation);
  }

  /** Takes new partitions and gives up those no longer assigned. */
  apply({ partitions: given }: Assignment): void {
    const { listener, logger } = this.#options;
    // A topic that is no longer wanted by now is reported with the next join.
    const own = new Map([...given].filter(([topic]) => this.#wanted.has(topic)));
    const kept = new Map([...own].map(([topic, partitions]) => [topic, new Set(partitions)]));
    const taken = this.owned.take(own);
    if (taken.length > 0) listener.onAssigned(taken);
    const givenUp = this.#revocations.start(
      ({ topic, partition }) => kept.get(topic)?.has(partition) === true,
    );
    const figures = { generation: this.#last.generation, topicCount: this.#last.named.size, givenUp };
    if (taken.length + givenUp > 0)
      logger.info("the group assigned its partitions", { ...figures, taken: taken.length });
    listener.onChange();
  }

  /** Drops the assignment and all partitions. @returns the ended tenures */
  reset(): Tenure[] {
    this.#last = NO_ASSIGNMENT;
    return this.owned.endAll();
  }
}
