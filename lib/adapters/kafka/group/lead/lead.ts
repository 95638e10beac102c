import { assign } from "../../../../rules/group/assign.ts";
import { encodeAssignment, type Room } from "../../../../rules/group/protocol/assignment.ts";
import { isUnnamed } from "../../../../rules/group/naming.ts";
import {
  DEFAULT_RECORD_LIMIT_BYTES,
  leftOutOf,
  recordBytes,
  topicBytes,
} from "../../../../rules/group/record-size.ts";
import { type AssignedMember, decodeSubscription } from "../../../../rules/group/protocol/subscription.ts";
import { messageOf } from "../../../../rules/base/errors.ts";
import type { Logger } from "../../../../rules/base/logger.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { KafkaCalls, KafkaWire } from "../../protocol/wire.ts";
import { LOOK_AGAIN_MS, LOOK_SOON_MS, ROOM_AGAIN_MS, WATCH_MS } from "../member/timing.ts";
import { TopicCounts } from "./topic-counts.ts";

type Joined = KafkaCalls["JoinGroup"]["answer"]["members"];
type Assignments = KafkaCalls["SyncGroup"]["request"]["assignments"];

/** A record that is smaller was not refused for its size. */
const SMALL_RECORD_BYTES = 64 * 1024;
const SMALLER = 0.8;
const LIMIT_MARGIN_BYTES = 4 * 1024;
/** Joining again only to name topics comes to an end: members may change what they want each time. */
const MOST_NAMINGS = 3;

interface Member extends AssignedMember {
  readonly named: readonly string[];
  readonly subscriptionBytes: number;
}

/** The part of a member that leads its group: it knows all members' topics, and shares their partitions out. */
export class Lead {
  readonly #time: Time;
  readonly #logger: Logger;
  readonly #counts: TopicCounts;
  /** What it names for all members; null: it does not lead. */
  #forAll: ReadonlySet<string> | null = null;
  #namings = 0;
  #recordBytes = 0;
  /** What the coordinator can store, where it refused more. */
  #limit: { readonly bytes: number; readonly untilMs: number } | null = null;
  #room: Room | null = null;
  #leftOut: ReadonlySet<string> = new Set();
  #lookedMs = -Infinity;
  #lookedAgainMs = -Infinity;
  /** So long after the last look what could not be given is looked for again. */
  #againMs = LOOK_AGAIN_MS;

  constructor(wire: KafkaWire, time: Time, logger: Logger) {
    this.#time = time;
    this.#logger = logger;
    this.#counts = new TopicCounts(wire, time);
  }

  get forAll(): ReadonlySet<string> | null {
    return this.#forAll;
  }

  /** What there is no room for: nobody is to name it. */
  get leftOut(): ReadonlySet<string> {
    return this.#leftOut;
  }

  /** Another member leads now, or nobody. */
  end(): void {
    this.#forAll = null;
    this.#leftOut = new Set();
    this.#namings = 0;
    this.#counts.clear();
  }

  /**
   * @returns what each member is told; null: topics have to be named first, by joining again
   * @throws the signal's reason
   */
  async share(joined: Joined, signal: AbortSignal): Promise<Assignments | null> {
    const members = joined.flatMap(({ memberId, metadata }): Member[] => {
      const read = decodeSubscription(metadata);
      return read.kind === "foreign" ? [] : [{ memberId, subscriptionBytes: metadata.length, ...read }];
    });
    if (members.length < joined.length)
      this.#logger.warn("members of the group are given nothing: what they tell cannot be read", {
        members: joined.length - members.length,
      });
    const wanted = new Set(members.flatMap(({ subscription }) => subscription.wanted));
    this.#counts.keep(wanted);
    for (const { subscription } of members)
      for (const [topic, own] of [...subscription.held, ...subscription.leaving])
        if (wanted.has(topic)) this.#counts.assume(topic, Math.max(...own) + 1);
    const before = this.#forAll;
    if (before === null) this.#lookedMs = this.#time.monotonicMs();
    await this.#ask(this.#counts.unsettled(wanted), signal);
    // A topic that was just created is not known to all brokers yet.
    if (before !== null && this.#counts.unsettled(wanted).some((topic) => !before.has(topic)))
      this.#againMs = LOOK_SOON_MS;

    const leftOut = this.#withoutRoom(members, wanted);
    const toName = wanted.difference(leftOut);
    const named = members.map((member) => member.named);
    const isTooMuch = leftOut.size > 0 && this.#forAll !== null && !this.#forAll.isDisjointFrom(leftOut);
    this.#forAll = toName;
    this.#leftOut = leftOut;
    if ((isTooMuch || isUnnamed(toName, named)) && this.#namings < MOST_NAMINGS) {
      this.#namings += 1;
      return null;
    }
    this.#namings = 0;
    return this.#assignments(members, toName);
  }

  /** What was told last could not be stored. @returns whether it may have been too large, and less is told the next time */
  shrink(): boolean {
    if (this.#forAll === null || this.#recordBytes < SMALL_RECORD_BYTES) return false;
    const bytes =
      this.#recordBytes > DEFAULT_RECORD_LIMIT_BYTES
        ? DEFAULT_RECORD_LIMIT_BYTES - LIMIT_MARGIN_BYTES
        : Math.floor(this.#recordBytes * SMALLER);
    this.#limit = { bytes, untilMs: this.#time.monotonicMs() + ROOM_AGAIN_MS };
    this.#logger.warn("the group's record is too large for its coordinator: topics are left out", {
      bytes: this.#recordBytes,
      limitBytes: bytes,
    });
    return true;
  }

  /**
   * Looks for what would make the assignment another one: partitions that were added, topics that have come or gone, room for those
   * that were left out. To be called every now and then.
   * @returns whether the group has to join again
   * @throws the signal's reason
   */
  async watch(signal: AbortSignal): Promise<boolean> {
    if (this.#forAll === null) return false;
    const nowMs = this.#time.monotonicMs();
    if (this.#limit !== null && nowMs >= this.#limit.untilMs) {
      this.#limit = null;
      if (this.#room !== null) return true;
    }
    const isAllDue = nowMs - this.#lookedMs >= WATCH_MS;
    if (isAllDue) {
      this.#lookedMs = nowMs;
      return this.#ask([...this.#forAll], signal);
    }
    if (nowMs - this.#lookedAgainMs < this.#againMs) return false;
    const unsettled = this.#counts.unsettled(this.#forAll);
    // Thousands that are not there are asked for less often.
    const mostMs = Math.max(1, Math.ceil(unsettled.length / 1_000)) * LOOK_AGAIN_MS;
    this.#againMs = unsettled.length === 0 ? LOOK_AGAIN_MS : Math.min(this.#againMs * 2, mostMs);
    return unsettled.length === 0 ? false : this.#ask(unsettled, signal);
  }

  /** In how many milliseconds `watch` is to be called, where that is soon; null: every now and then is enough. */
  get soonMs(): number | null {
    return this.#forAll === null || this.#againMs >= LOOK_AGAIN_MS ? null : this.#againMs;
  }

  async #ask(topics: readonly string[], signal: AbortSignal): Promise<boolean> {
    this.#lookedAgainMs = this.#time.monotonicMs();
    try {
      return await this.#counts.look(topics, signal);
    } catch (error) {
      signal.throwIfAborted();
      // What is known goes on; the rest is asked for again soon.
      this.#logger.debug("the group's topics could not be asked for", { error: messageOf(error) });
      return false;
    }
  }

  /** Those that there is no room for, as far as a limit is known. */
  #withoutRoom(members: readonly Member[], wanted: ReadonlySet<string>): ReadonlySet<string> {
    this.#room = null;
    if (this.#limit === null) return new Set();
    const { bytes: limitBytes } = this.#limit;
    const counts = this.#countsOf(wanted);
    const { ownersOf } = assign(members, counts);
    const isHeld = new Set(members.flatMap(({ subscription }) => [...subscription.held.keys()]));
    const sized = [...wanted].map((topic) => ({
      topic,
      isHeld: isHeld.has(topic),
      bytes: topicBytes(topic, counts.get(topic) ?? 0, ownersOf.get(topic) ?? 0),
    }));
    const withoutTopics = recordBytes(
      members.map((member) => ({
        ...member,
        subscriptionBytes:
          member.subscriptionBytes - member.named.reduce((sum, topic) => sum + topicBytes(topic, 0, 0), 0),
        assignmentBytes: this.#tell(member, new Map(), new Set()).length,
      })),
    );
    const leftOut = leftOutOf(sized, limitBytes - withoutTopics);
    const neededBytes = sized.reduce((sum, { bytes }) => sum + bytes, withoutTopics);
    if (leftOut.size > 0) this.#room = { neededBytes, limitBytes, leftOut: leftOut.size };
    return leftOut;
  }

  #assignments(members: readonly Member[], topics: ReadonlySet<string>): Assignments {
    const { given, withheld } = assign(members, this.#countsOf(topics));
    const assignments = members.map((member) => ({
      memberId: member.memberId,
      assignment: this.#tell(member, given.get(member.memberId) ?? new Map(), topics),
    }));
    this.#recordBytes = recordBytes(
      members.map((member, at) => ({
        ...member,
        assignmentBytes: assignments[at]?.assignment.length ?? 0,
      })),
    );
    this.#logger.debug("the group's partitions are shared out", {
      members: members.length,
      topicCount: topics.size,
      withheld,
      recordBytes: this.#recordBytes,
    });
    return assignments;
  }

  #tell(
    { subscription }: Member,
    partitions: ReadonlyMap<string, readonly number[]>,
    topics: ReadonlySet<string>,
  ): Uint8Array {
    const told = subscription.wanted.map((topic) => {
      const { standing, partitions: count } = this.#counts.of(topic);
      const isLeftOut = standing === "given" && !topics.has(topic);
      return { standing: isLeftOut ? ("left_out" as const) : standing, partitions: count };
    });
    return encodeAssignment({ partitions, topics: told, room: this.#room });
  }

  #countsOf(topics: ReadonlySet<string>): Map<string, number> {
    return new Map([...topics].map((topic) => [topic, this.#counts.of(topic).partitions]));
  }
}
