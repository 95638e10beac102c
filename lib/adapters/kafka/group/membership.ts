import { PenstockError } from "../../../rules/base/errors.ts";
import { describeForeignLeader, describeNewerGroup, groupAnswer } from "../../../rules/group/answers.ts";
import { decodeAssignment } from "../../../rules/group/protocol/assignment.ts";
import { namesToTell } from "../../../rules/group/naming.ts";
import { encodeSubscription } from "../../../rules/group/protocol/subscription.ts";
import { sleep, Waker } from "../../../rules/base/time.ts";
import type { GroupToken } from "../protocol/wire.ts";
import { SubscriptionState } from "./ownership/subscription-state.ts";
import type { CommitRights } from "./coordinator/commits.ts";
import { Coordinator, coordinatorError } from "./coordinator/coordinator.ts";
import { joinRequest } from "./coordinator/join-request.ts";
import { Leader } from "./leader/leader.ts";
import { AssignmentWatch } from "./leader/assignment-watch.ts";
import type { GroupMemberOptions } from "./member/member.ts";
import type { Phase } from "./member/phase.ts";
import { repeat } from "./member/repeat.ts";
import { retryPauseMs } from "./member/retry-pause.ts";
import { Session } from "./coordinator/session.ts";
import { LED_BY_BROKER, foreignMembersError } from "./coordinator/foreign-members.ts";
import type { Tenure } from "./member/tenure.ts";
import * as timing from "./member/timing.ts";
import { NO_GENERATION } from "./ownership/last-assignment.ts";
import { Troubles } from "./member/troubles.ts";

/**
 * The life of one group member. What it does next follows from its state alone: the phase, the member id, the
 * generation, the wanted topics and the owned partitions.
 *
 * - `unjoined`: outside the group. Wanting a topic starts a join.
 * - `joining`: JoinGroup is pending. Owned partitions keep running and committing under the old generation. An answer
 *   leads to `syncing`; an error or a new member id leads to another join.
 * - `syncing`: a new generation without an assignment yet. No commits are sent. SyncGroup leads to `stable` or to
 *   another join.
 * - `stable`: assigned. A rebalance, another set of wanted topics, a finished revocation or an outdated assignment
 *   leads to `joining`.
 *
 * An expired session, an unknown member id or a stale generation loses everything: all tenures end, the generation is
 * forgotten and the member joins again. Without wanted topics and owned partitions, and on `leave`, it becomes
 * `unjoined`.
 *
 * Invariants: a tenure ends before this member tells the group that its partition is free, and nothing is committed for
 * an ended tenure.
 */
export class GroupMembership implements CommitRights {
  readonly subscriptionState: SubscriptionState;
  readonly coordinator: Coordinator;
  readonly troubles: Troubles;
  readonly #options: GroupMemberOptions;
  readonly #leader: Leader;
  readonly #watch: AssignmentWatch;
  readonly session: Session;
  readonly #waker: Waker;
  readonly #end = new AbortController();
  readonly #loops: Promise<unknown>;
  #phase: Phase = "unjoined";
  /** Assigned by the broker (KIP-394); kept while the broker may know it. */
  #memberId = "";
  /** The generation of heartbeats and commits. */
  #generation = NO_GENERATION;
  /** Another join is due for a reason other than the wanted topics. */
  #isDue = false;

  constructor(options: GroupMemberOptions) {
    const { wire, groupId, time, logger, listener } = options;
    this.#options = options;
    this.#waker = new Waker(time);
    this.coordinator = new Coordinator(wire, groupId, time);
    this.session = new Session(this.coordinator, time);
    this.troubles = new Troubles(
      groupId,
      time,
      () => listener.onChange(),
      () => this.#generation !== NO_GENERATION && !this.session.isOver,
    );
    this.#leader = new Leader(wire, time, logger);
    this.subscriptionState = new SubscriptionState(options, () => {
      this.#rejoin();
      listener.onChange();
    });
    const onError = (error: unknown): void => this.troubles.failed(error);
    this.#watch = new AssignmentWatch(this.#leader, time, {
      isStable: () => this.#phase === "stable",
      onOutdated: () => this.#rejoin(),
      onError,
    });
    const beat = (signal: AbortSignal): Promise<void> => this.#beat(signal);
    // Separate from the heartbeats, because metadata of thousands of topics may take longer than a heartbeat may.
    const watch = (signal: AbortSignal): Promise<void> => this.#watch.check(signal);
    this.#loops = Promise.all([
      this.#join(),
      repeat({ everyMs: timing.HEARTBEAT_MS, time, act: beat, onError }, this.#end.signal),
      repeat({ everyMs: timing.LOOK_AGAIN_MS, time, act: watch, onError }, this.#end.signal),
    ]);
  }

  want(topics: ReadonlySet<string>): void {
    this.subscriptionState.want(topics);
    // Changes during a join are combined in the next one.
    this.#waker.wake();
  }

  /** Never throws. */
  async leave(): Promise<void> {
    if (!this.#end.signal.aborted) {
      this.#end.abort(new PenstockError("stopping", "this host has left its group"));
      this.#waker.wake();
      this.subscriptionState.owned.endAll();
      if (this.#phase !== "stable") this.coordinator.cutJoin();
      await this.#leaveGroup();
    }
    await this.#loops;
  }

  token(): GroupToken | null {
    return this.#phase === "syncing" || this.#generation === NO_GENERATION ? null : this.#token();
  }

  check(): void {
    if (this.#generation !== NO_GENERATION && this.session.isOver)
      this.#lose("no heartbeat was answered within the session timeout");
  }

  onAnswer(token: GroupToken, error: string): void {
    const answer = groupAnswer(error);
    if (answer === "moving") this.coordinator.forget();
    if (token.memberId !== this.#memberId || token.generation !== this.#generation) return;
    if (answer === "gone") {
      this.#memberId = "";
      this.#lose(`the coordinator no longer knows this member (${error})`);
    } else if (answer === "rebalancing" && this.#phase === "stable") this.#rejoin();
    // While a join is pending, the group may already have completed it; its answer brings the generation.
    else if (answer === "stale" && this.#phase !== "joining")
      this.#lose("the group went on to another generation without this host");
    else if (answer === "refused") this.troubles.failed(coordinatorError(error, this.#options.groupId));
  }

  #token(): GroupToken {
    return { groupId: this.#options.groupId, generation: this.#generation, memberId: this.#memberId };
  }

  #rejoin(): void {
    this.#isDue = true;
    this.#waker.wake();
  }

  async #join(): Promise<void> {
    const { time } = this.#options;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted;) {
      const { isIdle } = this.subscriptionState;
      // An idle member would only make the others wait at each rebalance.
      if (isIdle && this.#memberId !== "") await this.#leaveGroup();
      if (isIdle || (!this.#isDue && this.subscriptionState.isCurrent)) {
        await this.#waker.wait(null);
        continue;
      }
      this.#isDue = false;
      try {
        await this.#round(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#isDue = true;
        this.troubles.failed(error);
        await sleep(time, retryPauseMs(error, failures, time), signal).catch(() => {});
      }
    }
  }

  /** One JoinGroup and its SyncGroup. @throws if it must be retried later */
  async #round(signal: AbortSignal): Promise<void> {
    const { host, profile = null } = this.#options;
    const { last, owned } = this.subscriptionState;
    const wanted = [...this.subscriptionState.wanted].sort();
    const known = new Set([...last.topics, ...this.#leader.leftOut]);
    const named = namesToTell(wanted, known, this.#leader.namedForAll);
    const subscription = { host, wanted, generation: last.generation, ...owned.claims() };
    const before = this.#token();
    this.#phase = "joining";
    const request = joinRequest(before, encodeSubscription(subscription, named, profile));
    const how = { lane: "group", timeoutMs: timing.JOIN_TIMEOUT_MS, signal } as const;
    const joined = await this.coordinator.call("JoinGroup", request, how);
    // If the process was frozen meanwhile, the partitions are lost, whatever the answer says.
    this.check();
    if (joined.error === "MEMBER_ID_REQUIRED") {
      this.#memberId = joined.memberId;
      return this.#rejoin();
    }
    if (joined.error !== null) return this.#onRoundError(before, joined.error, signal);
    if (joined.leader === LED_BY_BROKER) return this.#leaveForeignGroup(joined.memberId, describeNewerGroup);
    this.#phase = "syncing";
    this.#memberId = joined.memberId;
    this.#generation = joined.generation;
    // The session restarts when the join is complete, and again with the assignment.
    const joinedMs = this.session.restarted();

    const token = this.#token();
    const isLeader = joined.leader === joined.memberId;
    if (!isLeader) this.#leader.end();
    const assignments = isLeader ? await this.#leader.assignPartitions(joined.members, signal) : [];
    if (assignments === null) return this.#rejoin();
    const synced = await this.coordinator.call(
      "SyncGroup",
      { ...token, assignments },
      { lane: "group", timeoutMs: timing.SYNC_TIMEOUT_MS, signal },
    );
    this.check();
    // If the membership was lost meanwhile, the assignment is for a member that no longer exists.
    if (token.memberId !== this.#memberId || token.generation !== this.#generation) return this.#rejoin();
    if (synced.error === null) this.session.answered(joinedMs);
    if (synced.error === null) return this.#apply(wanted, synced.assignment);
    if (isLeader && groupAnswer(synced.error) === "too_large" && this.#leader.shrink()) return this.#rejoin();
    return this.#onRoundError(token, synced.error, signal);
  }

  /** @throws if the round must be retried later */
  async #onRoundError(token: GroupToken, error: string, signal: AbortSignal): Promise<void> {
    if (error === "INCONSISTENT_GROUP_PROTOCOL") throw await foreignMembersError(this.coordinator, signal);
    this.onAnswer(token, error);
    const answer = groupAnswer(error);
    if (answer !== "rebalancing" && answer !== "gone") throw coordinatorError(error, this.#options.groupId);
    this.#rejoin();
  }

  /** Leaves a group led by another client at once: nobody would read the partitions it assigns to us. @throws always */
  async #leaveForeignGroup(memberId: string, describe: (groupId: string) => string): Promise<never> {
    const { groupId, logger } = this.#options;
    await this.coordinator.leave(memberId, logger);
    this.#memberId = "";
    this.#lose("the group is led by another client");
    throw new PenstockError("kafka_refused", describe(groupId));
  }

  /** @throws if the round must be retried later */
  async #apply(wanted: readonly string[], bytes: Uint8Array): Promise<void> {
    const { groupId } = this.#options;
    const assignment = decodeAssignment(bytes);
    if (assignment.kind === "none")
      throw new PenstockError(
        "kafka_unavailable",
        `the leader of the group ${groupId} sent this host no assignment`,
      );
    if (assignment.kind === "foreign" || assignment.topics.length !== wanted.length)
      return this.#leaveForeignGroup(this.#memberId, describeForeignLeader);
    this.#phase = "stable";
    this.subscriptionState.remember(assignment, wanted, this.#generation);
    this.troubles.assigned(wanted, assignment);
    this.troubles.well();
    void this.#watch.checkSoon(this.#end.signal);
    this.subscriptionState.apply(assignment);
  }

  /** Ends all tenures and joins again, with the old member id if the coordinator may still know it. */
  #lose(reason: string): void {
    const { listener, logger } = this.#options;
    const lost = this.#forget();
    this.#rejoin();
    if (lost.length > 0) {
      logger.warn("this host lost its partitions", { reason, partitions: lost.length });
      listener.onLost(lost);
    }
    listener.onChange();
  }

  /** @returns the ended tenures */
  #forget(): Tenure[] {
    this.#generation = NO_GENERATION;
    // A running round continues, for a member that owns nothing.
    if (this.#phase === "stable") this.#phase = "unjoined";
    this.#leader.end();
    return this.subscriptionState.reset();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    this.check();
    if (this.#generation === NO_GENERATION) return;
    const token = this.#token();
    const sentMs = this.#options.time.monotonicMs();
    const how = { lane: "questions", timeoutMs: timing.HEARTBEAT_TIMEOUT_MS, signal } as const;
    const { error } = await this.coordinator.call("Heartbeat", token, how);
    // REBALANCE_IN_PROGRESS keeps the session alive too (`GroupCoordinator.handleHeartbeat`).
    if (error === null || groupAnswer(error) === "rebalancing") {
      this.session.answered(sentMs);
      if (this.#phase === "stable") this.troubles.well();
    }
    if (error !== null) this.onAnswer(token, error);
  }

  async #leaveGroup(): Promise<void> {
    const memberId = this.#memberId;
    this.#forget();
    this.#memberId = "";
    this.#phase = "unjoined";
    this.#isDue = false;
    this.troubles.well();
    if (memberId !== "") await this.coordinator.leave(memberId, this.#options.logger);
    this.#options.listener.onChange();
  }
}
