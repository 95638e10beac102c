import { PenstockError } from "../../../rules/base/errors.ts";
import { describeForeignLeader, describeNewerGroup, groupAnswer } from "../../../rules/group/answers.ts";
import { decodeAssignment } from "../../../rules/group/protocol/assignment.ts";
import { namesToTell } from "../../../rules/group/naming.ts";
import { encodeSubscription } from "../../../rules/group/protocol/subscription.ts";
import { sleep } from "../../../rules/base/time.ts";
import type { GroupToken } from "../protocol/wire.ts";
import { Allotment } from "./holdings/allotment.ts";
import { Bell } from "./member/bell.ts";
import type { CommitRights } from "./coordinator/commits.ts";
import { Coordinator, coordinatorError } from "./coordinator/coordinator.ts";
import { joinRequest } from "./coordinator/join-request.ts";
import { Lead } from "./lead/lead.ts";
import { Lookout } from "./lead/lookout.ts";
import type { GroupMemberOptions } from "./member/member.ts";
import type { Phase } from "./member/phase.ts";
import { repeat } from "./member/repeat.ts";
import { retryPauseMs } from "./member/retry-pause.ts";
import { Session } from "./coordinator/session.ts";
import { LED_BY_BROKER, strangersError } from "./coordinator/strangers.ts";
import type { Tenure } from "./member/tenure.ts";
import * as timing from "./member/timing.ts";
import { NO_GENERATION } from "./holdings/told.ts";
import { Troubles } from "./member/troubles.ts";

/** The life of one member: joins, keeps its session, gives partitions up and loses them. What it does next follows from its state alone. */
export class GroupMembership implements CommitRights {
  readonly allotment: Allotment;
  readonly coordinator: Coordinator;
  readonly troubles: Troubles;
  readonly #options: GroupMemberOptions;
  readonly #lead: Lead;
  readonly #lookout: Lookout;
  readonly #session: Session;
  readonly #bell = new Bell();
  readonly #end = new AbortController();
  readonly #loops: Promise<unknown>;
  #phase: Phase = "away";
  /** Given by the broker (KIP-394); kept while it may know it. */
  #memberId = "";
  /** Under which heartbeats and commits go. */
  #generation = NO_GENERATION;
  /** Something other than the wanted topics asks for another join. */
  #isDue = false;

  constructor(options: GroupMemberOptions) {
    const { wire, groupId, time, logger, listener } = options;
    this.#options = options;
    this.coordinator = new Coordinator(wire, groupId, time);
    this.#session = new Session(this.coordinator, time);
    this.troubles = new Troubles(
      groupId,
      time,
      () => listener.onChange(),
      () => this.#generation !== NO_GENERATION && !this.#session.isOver,
    );
    this.#lead = new Lead(wire, time, logger);
    this.allotment = new Allotment(options, () => {
      this.#rejoin();
      listener.onChange();
    });
    const onError = (error: unknown): void => this.troubles.failed(error);
    this.#lookout = new Lookout(this.#lead, time, {
      mayLook: () => this.#phase === "steady",
      onNews: () => this.#rejoin(),
      onError,
    });
    const beat = (signal: AbortSignal): Promise<void> => this.#beat(signal);
    // Beside the heartbeats: metadata of thousands of topics may take longer than they may.
    const watch = (signal: AbortSignal): Promise<void> => this.#lookout.look(signal);
    this.#loops = Promise.all([
      this.#join(),
      repeat({ everyMs: timing.HEARTBEAT_MS, time, act: beat, onError }, this.#end.signal),
      repeat({ everyMs: timing.LOOK_AGAIN_MS, time, act: watch, onError }, this.#end.signal),
    ]);
  }

  want(topics: ReadonlySet<string>): void {
    this.allotment.want(topics);
    // What changes while a join is under way is told by the next, all of it together.
    this.#bell.ring();
  }

  /** Never throws. */
  async leave(): Promise<void> {
    if (!this.#end.signal.aborted) {
      this.#end.abort(new PenstockError("stopping", "this host has left its group"));
      this.#bell.ring();
      this.allotment.holdings.endAll();
      if (this.#phase !== "steady") this.coordinator.cutJoin();
      await this.#goAway();
    }
    await this.#loops;
  }

  token(): GroupToken | null {
    return this.#phase === "syncing" || this.#generation === NO_GENERATION ? null : this.#token();
  }

  check(): void {
    if (this.#generation !== NO_GENERATION && this.#session.isOver)
      this.#lose("no heartbeat was answered for as long as a session lasts");
  }

  onAnswer(token: GroupToken, error: string): void {
    const answer = groupAnswer(error);
    if (answer === "moving") this.coordinator.forget();
    if (token.memberId !== this.#memberId || token.generation !== this.#generation) return;
    if (answer === "gone") {
      this.#memberId = "";
      this.#lose(`the coordinator does not know this member any more (${error})`);
    } else if (answer === "rebalancing" && this.#phase === "steady") this.#rejoin();
    // While a join waits, the group may have completed it already: its answer tells the generation.
    else if (answer === "stale" && this.#phase !== "joining")
      this.#lose("the group went on to another generation without this host");
    else if (answer === "refused") this.troubles.failed(coordinatorError(error, this.#options.groupId));
  }

  #token(): GroupToken {
    return { groupId: this.#options.groupId, generation: this.#generation, memberId: this.#memberId };
  }

  #rejoin(): void {
    this.#isDue = true;
    this.#bell.ring();
  }

  async #join(): Promise<void> {
    const { time } = this.#options;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted;) {
      const { isIdle } = this.allotment;
      // Nobody is a member for nothing: others would wait for it at each rebalance.
      if (isIdle && this.#memberId !== "") await this.#goAway();
      if (isIdle || (!this.#isDue && this.allotment.isTold)) {
        await this.#bell.wait();
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

  /** One JoinGroup, and the SyncGroup that follows. @throws where it has to be tried again later */
  async #round(signal: AbortSignal): Promise<void> {
    const { host, time } = this.#options;
    const { told, holdings } = this.allotment;
    const wanted = [...this.allotment.wanted].sort();
    const known = new Set([...told.topics, ...this.#lead.leftOut]);
    const named = namesToTell(wanted, known, this.#lead.forAll);
    const subscription = { host, wanted, generation: told.generation, ...holdings.claims() };
    const before = this.#token();
    this.#phase = "joining";
    const request = joinRequest(before, encodeSubscription(subscription, named));
    const how = { lane: "group", timeoutMs: timing.JOIN_TIMEOUT_MS, signal } as const;
    const joined = await this.coordinator.call("JoinGroup", request, how);
    // Frozen while it waited: what was held then is void, whatever the answer says.
    this.check();
    if (joined.error === "MEMBER_ID_REQUIRED") {
      this.#memberId = joined.memberId;
      return this.#rejoin();
    }
    if (joined.error !== null) return this.#onRoundError(before, joined.error, signal);
    if (joined.leader === LED_BY_BROKER) return this.#turnAway(joined.memberId, describeNewerGroup);
    this.#phase = "syncing";
    this.#memberId = joined.memberId;
    this.#generation = joined.generation;
    // Its session begins anew when the join is complete.
    this.#session.answered(time.monotonicMs());

    const token = this.#token();
    const isLeader = joined.leader === joined.memberId;
    if (!isLeader) this.#lead.end();
    const assignments = isLeader ? await this.#lead.share(joined.members, signal) : [];
    if (assignments === null) return this.#rejoin();
    const synced = await this.coordinator.call(
      "SyncGroup",
      { ...token, assignments },
      { lane: "group", timeoutMs: timing.SYNC_TIMEOUT_MS, signal },
    );
    this.check();
    // Lost meanwhile: what was told is about a member that is none any more.
    if (token.memberId !== this.#memberId || token.generation !== this.#generation) return this.#rejoin();
    if (synced.error === null) return this.#apply(wanted, synced.assignment);
    if (isLeader && groupAnswer(synced.error) === "too_large" && this.#lead.shrink()) return this.#rejoin();
    return this.#onRoundError(token, synced.error, signal);
  }

  /** @throws where it has to be tried again later */
  async #onRoundError(token: GroupToken, error: string, signal: AbortSignal): Promise<void> {
    if (error === "INCONSISTENT_GROUP_PROTOCOL") throw await strangersError(this.coordinator, signal);
    this.onAnswer(token, error);
    const answer = groupAnswer(error);
    if (answer !== "rebalancing" && answer !== "gone") throw coordinatorError(error, this.#options.groupId);
    this.#rejoin();
  }

  /** Others share the group out in their own way: what they give this host nobody would read, so it leaves at once. @throws always */
  async #turnAway(memberId: string, describe: (groupId: string) => string): Promise<never> {
    const { groupId, logger } = this.#options;
    await this.coordinator.leave(memberId, logger);
    this.#memberId = "";
    this.#lose("the group is led by another client");
    throw new PenstockError("kafka_refused", describe(groupId));
  }

  /** @throws where it has to be tried again later */
  async #apply(wanted: readonly string[], bytes: Uint8Array): Promise<void> {
    const { groupId } = this.#options;
    const assignment = decodeAssignment(bytes);
    if (assignment.kind === "none")
      throw new PenstockError(
        "kafka_unavailable",
        `the leader of the group ${groupId} told this host nothing`,
      );
    if (assignment.kind === "foreign" || assignment.topics.length !== wanted.length)
      return this.#turnAway(this.#memberId, describeForeignLeader);
    this.#phase = "steady";
    this.allotment.hear(assignment, wanted, this.#generation);
    this.troubles.assigned(wanted, assignment);
    this.troubles.well();
    void this.#lookout.lookSoon(this.#end.signal);
    this.allotment.take(assignment);
  }

  /** Everything is void. It joins again, with the id that it has where the coordinator may know it. */
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

  /** @returns what was held */
  #forget(): Tenure[] {
    this.#generation = NO_GENERATION;
    // A round that is under way goes on, as one of a member that holds nothing.
    if (this.#phase === "steady") this.#phase = "away";
    this.#lead.end();
    return this.allotment.forget();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { time } = this.#options;
    this.check();
    if (this.#generation === NO_GENERATION) return;
    const token = this.#token();
    const sentMs = time.monotonicMs();
    const how = { lane: "questions", timeoutMs: timing.HEARTBEAT_TIMEOUT_MS, signal } as const;
    const { error } = await this.coordinator.call("Heartbeat", token, how);
    // A rebalance that waits for us is answered so, and counts as well (`GroupCoordinator.handleHeartbeat`).
    if (error === null || groupAnswer(error) === "rebalancing") {
      this.#session.answered(sentMs);
      if (this.#phase === "steady") this.troubles.well();
    }
    if (error !== null) this.onAnswer(token, error);
  }

  async #goAway(): Promise<void> {
    const memberId = this.#memberId;
    this.#forget();
    this.#memberId = "";
    this.#phase = "away";
    this.#isDue = false;
    this.troubles.well();
    if (memberId !== "") await this.coordinator.leave(memberId, this.#options.logger);
    this.#options.listener.onChange();
  }
}
