import type { GroupToken, KafkaCalls, KafkaError } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { SimulatedMember } from "./group-member.ts";
import { allKnow, selectProtocol } from "./group-protocol.ts";
import { assignedTo, recordBytesOf, subscriptionsOf, type GroupRecord } from "./group-store.ts";
import type { GroupSurroundings } from "./group-surroundings.ts";

type Join = KafkaCalls["JoinGroup"];
type Sync = KafkaCalls["SyncGroup"];

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

/** How long a new member's join is kept: it could not heartbeat yet. */
const NEW_MEMBER_JOIN_MS = 300_000;

/** A consumer group with the rules of Kafka's own coordinator (ClassicGroup and GroupMetadataManager). */
export class SimulatedGroup {
  readonly #id: string;
  readonly #with: GroupSurroundings;
  readonly #members = new Map<string, SimulatedMember>();
  /** Issued ids that have not joined yet, with the function that cancels their timeout. */
  readonly #pending = new Map<string, () => void>();
  readonly #pendingSync = new Set<string>();
  #state: GroupState = "Empty";
  #generation = 0;
  #protocol: string | null = null;
  #leader: string | null = null;
  #joinedMeanwhile = false;
  #initial = false;
  #callOffJoin = (): void => {};
  #callOffSync = (): void => {};

  constructor(id: string, surroundings: GroupSurroundings, record: GroupRecord | null) {
    this.#id = id;
    this.#with = surroundings;
    if (record === null) return;
    this.#generation = record.generation;
    this.#protocol = record.protocol;
    this.#leader = record.leader;
    for (const { id, joined, assignment } of record.members) {
      const member = new SimulatedMember(id, joined);
      member.assignment = assignment;
      member.isNew = false;
      this.#members.set(id, member);
      this.#expect(member);
    }
    this.#state = this.#members.size === 0 ? "Empty" : "Stable";
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  join(request: Join["request"], respond: (answer: Join["answer"]) => void): void {
    const names = request.protocols.map(({ name }) => name);
    const refuse = (error: KafkaError, memberId = request.memberId): void =>
      respond({ error, generation: -1, protocol: "", leader: "", memberId, members: [] });
    if (this.#state === "Dead") return refuse("GROUP_COORDINATOR_NOT_AVAILABLE");
    if (
      names.length === 0 ||
      (this.#state !== "Empty" && !names.some((name) => allKnow(this.#members.values(), name)))
    )
      return refuse("INCONSISTENT_GROUP_PROTOCOL");
    if (request.memberId === "") {
      const id = this.#with.newMemberId();
      this.#pending.set(
        id,
        this.#with.after(request.sessionTimeoutMs, () => this.#removePending(id)),
      );
      return refuse("MEMBER_ID_REQUIRED", id);
    }
    if (this.#pending.has(request.memberId)) return this.#add(request, respond);
    const member = this.#members.get(request.memberId);
    if (member === undefined || this.#state === "Empty") return refuse("UNKNOWN_MEMBER_ID");
    const same = member.matches(request.protocols);
    const stays = this.#state === "Stable" && same && this.#leader !== member.id;
    if (stays || (this.#state === "CompletingRebalance" && same)) {
      // Its answer may have been lost: it gets the same again.
      respond(this.#joinAnswer(member, this.#state === "CompletingRebalance"));
      return;
    }
    member.joined = joinedBy(request);
    // A second JoinGroup replaces the pending one.
    member.joining = respond;
    this.#rebalance(`${member.id} joins again`);
  }

  sync(request: Sync["request"], respond: (answer: Sync["answer"]) => void): void {
    const refuse = (error: KafkaError): void => respond({ error, assignment: new Uint8Array() });
    const error = this.#check(request);
    if (error !== null) return refuse(error);
    const member = this.#members.get(request.memberId);
    if (this.#state === "PreparingRebalance" || member === undefined) return refuse("REBALANCE_IN_PROGRESS");
    this.#pendingSync.delete(member.id);
    if (this.#pendingSync.size === 0) this.#callOffSync();
    if (this.#state === "Stable") {
      respond({ error: null, assignment: member.assignment });
      return;
    }
    member.syncing = respond;
    if (member.id === this.#leader) this.#take(request);
  }

  heartbeat(token: GroupToken): KafkaError {
    const error = this.#check(token);
    if (error !== null) return error;
    this.#beat(token.memberId);
    return this.#state === "PreparingRebalance" ? "REBALANCE_IN_PROGRESS" : null;
  }

  leave(memberId: string): KafkaError {
    if (this.#state === "Dead") return "GROUP_COORDINATOR_NOT_AVAILABLE";
    const callOff = this.#pending.get(memberId);
    if (callOff !== undefined) {
      callOff();
      this.#pending.delete(memberId);
      this.#completeIfJoined();
      return null;
    }
    const member = this.#members.get(memberId);
    if (member === undefined) return "UNKNOWN_MEMBER_ID";
    this.#drop(member, `${memberId} leaves`, false);
    return null;
  }

  /** Whether offsets may be committed with these ids. If so, it counts as a heartbeat. */
  mayCommit(token: GroupToken): KafkaError {
    if (this.#state === "Dead") return "GROUP_COORDINATOR_NOT_AVAILABLE";
    // From outside the group, such as the admin client.
    if (token.generation < 0 && this.#state === "Empty") return null;
    if (!this.#members.has(token.memberId)) return "UNKNOWN_MEMBER_ID";
    if (token.generation !== this.#generation) return "ILLEGAL_GENERATION";
    if (this.#state === "CompletingRebalance") return "REBALANCE_IN_PROGRESS";
    this.#beat(token.memberId);
    return null;
  }

  /** The broker no longer coordinates it: pending calls are refused. */
  unload(): void {
    this.#state = "Dead";
    this.#callOffJoin();
    this.#callOffSync();
    for (const callOff of this.#pending.values()) callOff();
    for (const member of this.#members.values()) {
      member.callOff();
      member.answerJoin({ ...NO_JOIN, error: "NOT_COORDINATOR_FOR_GROUP", memberId: member.id });
      member.answerSync({ error: "NOT_COORDINATOR_FOR_GROUP", assignment: new Uint8Array() });
    }
  }

  #check({ memberId, generation }: GroupToken): KafkaError {
    if (this.#state === "Dead") return "GROUP_COORDINATOR_NOT_AVAILABLE";
    if (!this.#members.has(memberId)) return "UNKNOWN_MEMBER_ID";
    return generation === this.#generation ? null : "ILLEGAL_GENERATION";
  }

  #add(request: Join["request"], respond: (answer: Join["answer"]) => void): void {
    this.#pending.get(request.memberId)?.();
    this.#pending.delete(request.memberId);
    const member = new SimulatedMember(request.memberId, joinedBy(request));
    member.joining = respond;
    this.#joinedMeanwhile = this.#initial;
    this.#leader ??= member.id;
    this.#members.set(member.id, member);
    this.#expect(member, NEW_MEMBER_JOIN_MS);
    this.#rebalance(`${member.id} joins`);
  }

  /** Starts a rebalance; if one is running, ends the joining once everybody has joined. */
  #rebalance(reason: string): void {
    if (this.#state === "PreparingRebalance") {
      this.#completeIfJoined();
      return;
    }
    const first = this.#state === "Empty";
    if (this.#state === "CompletingRebalance") this.#tellSync("REBALANCE_IN_PROGRESS");
    this.#pendingSync.clear();
    this.#callOffSync();
    this.#state = "PreparingRebalance";
    this.#with.tell(`group ${this.#id}, generation ${this.#generation}, prepares a rebalance: ${reason}`);
    if (first)
      this.#waitFirst(
        this.#with.initialDelayMs,
        Math.max(this.#rebalanceMs() - this.#with.initialDelayMs, 0),
      );
    else if (!this.#completeIfJoined()) this.#waitForAll();
  }

  /** A formerly empty group waits for others that arrive at the same time. */
  #waitFirst(ms: number, leftMs: number): void {
    this.#initial = true;
    this.#joinedMeanwhile = false;
    this.#callOffJoin = this.#with.after(ms, () => {
      if (this.#joinedMeanwhile && leftMs > 0)
        this.#waitFirst(Math.min(this.#with.initialDelayMs, leftMs), Math.max(leftMs - ms, 0));
      else this.#completeJoin();
    });
  }

  #waitForAll(): void {
    this.#callOffJoin();
    this.#callOffJoin = this.#with.after(this.#rebalanceMs(), () => this.#completeJoin());
  }

  /** @param evenInitial also ends the initial wait of a formerly empty group */
  #completeIfJoined(evenInitial = false): boolean {
    if (this.#state !== "PreparingRebalance" || (this.#initial && !evenInitial)) return false;
    const all =
      this.#pending.size === 0 && [...this.#members.values()].every(({ joining }) => joining !== null);
    if (all) this.#completeJoin();
    return all;
  }

  #completeJoin(): void {
    this.#callOffJoin();
    for (const member of this.#members.values()) if (member.joining === null) this.#remove(member);
    if (this.#leader === null && this.#members.size > 0) throw new Error("a group with members has a leader");
    this.#initial = false;
    this.#generation += 1;
    this.#pendingSync.clear();
    if (this.#members.size === 0) {
      this.#state = "Empty";
      this.#protocol = null;
      this.#with.tell(`group ${this.#id}, generation ${this.#generation}, is empty`);
      this.#with.write(this.#record(new Map()), () => {});
      return;
    }
    this.#protocol = selectProtocol([...this.#members.values()]);
    this.#state = "CompletingRebalance";
    this.#with.tell(
      `group ${this.#id}, generation ${this.#generation}: ${[...this.#members.keys()].join(", ")}, led by ${this.#leader}`,
    );
    for (const member of this.#members.values()) {
      member.answerJoin(this.#joinAnswer(member, true));
      member.isNew = false;
      this.#pendingSync.add(member.id);
      this.#expect(member);
    }
    const { generation } = this;
    this.#callOffSync = this.#with.after(this.#rebalanceMs(), () => {
      if (this.#generation === generation) this.#expireSync();
    });
  }

  /** Removes those that never asked for their assignment. */
  #expireSync(): void {
    if (this.#pendingSync.size === 0 || this.#state === "PreparingRebalance") return;
    for (const id of this.#pendingSync) {
      const member = this.#members.get(id);
      if (member !== undefined) this.#remove(member);
    }
    this.#rebalance("an assignment was not asked for");
  }

  /** The leader's assignment: written, then sent out. */
  #take(request: Sync["request"]): void {
    const assignments = new Map(
      request.assignments.map(({ memberId, assignment }) => [memberId, assignment]),
    );
    const record = this.#record(assignments);
    const { generation } = this;
    const stands = (): boolean => this.#state === "CompletingRebalance" && this.#generation === generation;
    if (recordBytesOf(record) > this.#with.maxRecordBytes) {
      this.#tellSync("UNKNOWN");
      this.#rebalance("the group's record is too large");
      return;
    }
    this.#with.write(record, (written) => {
      if (!stands()) return;
      if (!written) {
        this.#tellSync("NOT_COORDINATOR_FOR_GROUP");
        this.#rebalance("the group's record was not written");
        return;
      }
      for (const member of this.#members.values())
        member.assignment = assignments.get(member.id) ?? new Uint8Array();
      this.#state = "Stable";
      this.#tellSync(null);
    });
  }

  #tellSync(error: KafkaError): void {
    for (const member of this.#members.values()) {
      if (error !== null) member.assignment = new Uint8Array();
      if (member.answerSync({ error, assignment: member.assignment })) this.#expect(member);
    }
  }

  /** Restarts its session timeout. */
  #expect(member: SimulatedMember, ms = member.joined.sessionTimeoutMs): void {
    member.callOff();
    member.callOff = this.#with.after(ms, () => {
      // A pending member needs no heartbeat, but a new one that never got an answer is dropped.
      if (!member.isNew && (member.joining !== null || member.syncing !== null)) return;
      this.#drop(member, `the session of ${member.id} has ended`, true);
    });
  }

  #beat(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member !== undefined) this.#expect(member);
  }

  #drop(member: SimulatedMember, reason: string, evenInitial: boolean): void {
    member.answerJoin({ ...NO_JOIN, error: "UNKNOWN_MEMBER_ID", memberId: "" });
    this.#remove(member);
    if (this.#state === "PreparingRebalance") this.#completeIfJoined(evenInitial);
    else this.#rebalance(reason);
  }

  #remove(member: SimulatedMember): void {
    member.callOff();
    this.#members.delete(member.id);
    this.#pendingSync.delete(member.id);
    if (this.#leader === member.id) this.#leader = this.#members.keys().next().value ?? null;
  }

  #removePending(memberId: string): void {
    this.#pending.delete(memberId);
    this.#completeIfJoined(true);
  }

  #joinAnswer(member: SimulatedMember, tellMembers: boolean): Join["answer"] {
    const [generation, protocol, leader] = [this.#generation, this.#protocol ?? "", this.#leader ?? ""];
    const members =
      tellMembers && leader === member.id ? subscriptionsOf(this.#members.values(), protocol) : [];
    return { error: null, generation, protocol, leader, memberId: member.id, members };
  }

  #record(assignments: ReadonlyMap<string, Uint8Array>): GroupRecord {
    const [generation, protocol, leader] = [this.#generation, this.#protocol, this.#leader];
    return { generation, protocol, leader, members: assignedTo(this.#members.values(), assignments) };
  }

  #rebalanceMs(): number {
    return Math.max(0, ...[...this.#members.values()].map(({ joined }) => joined.rebalanceTimeoutMs));
  }
}

const NO_JOIN = { error: null, generation: -1, protocol: "", leader: "", memberId: "", members: [] } as const;

function joinedBy({
  sessionTimeoutMs,
  rebalanceTimeoutMs,
  protocols,
}: Join["request"]): SimulatedMember["joined"] {
  return { sessionTimeoutMs, rebalanceTimeoutMs, protocols };
}
