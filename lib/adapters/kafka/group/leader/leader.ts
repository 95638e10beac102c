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
import { TopicMetadata } from "./topic-metadata.ts";

type Joined = KafkaCalls["JoinGroup"]["answer"]["members"];
type Assignments = KafkaCalls["SyncGroup"]["request"]["assignments"];

/** A smaller record was not refused for its size. */
const SMALL_RECORD_BYTES = 64 * 1024;
const SMALLER = 0.8;
const LIMIT_MARGIN_BYTES = 4 * 1024;
/** Limits rejoins that only name topics: members may change their topics each time. */
const MOST_NAMINGS = 3;

interface Member extends AssignedMember {
  readonly named: readonly string[];
  readonly subscriptionBytes: number;
}

/**
 * The leader's part of a member: knows all members' topics and assigns their partitions.
 *
 * State: which topics it names for all members (`#namedForAll`, null while another member leads), what brokers said
 * about the topics, and the size limit of the group's record once the coordinator refused one.
 */
export class Leader {
  readonly #time: Time;
  readonly #logger: Logger;
  readonly #metadata: TopicMetadata;
  /** The topics it names for all members; null if it does not lead. */
  #namedForAll: ReadonlySet<string> | null = null;
  #namings = 0;
  #recordBytes = 0;
  /** What the coordinator can store, set after it refused a larger record. */
  #limit: { readonly bytes: number; readonly untilMs: number } | null = null;
  #room: Room | null = null;
  #leftOut: ReadonlySet<string> = new Set();
  #lookedMs = -Infinity;
  #lookedAgainMs = -Infinity;
  /** The pause until unassigned topics are looked up again. */
  #againMs = LOOK_AGAIN_MS;

  constructor(wire: KafkaWire, time: Time, logger: Logger) {
    this.#time = time;
    this.#logger = logger;
    this.#metadata = new TopicMetadata(wire, time);
  }

  get namedForAll(): ReadonlySet<string> | null {
    return this.#namedForAll;
  }

  /** Topics there is no room for; no member should name them. */
  get leftOut(): ReadonlySet<string> {
    return this.#leftOut;
  }

  /** Called when this member no longer leads. */
  end(): void {
    this.#namedForAll = null;
    this.#leftOut = new Set();
    this.#namings = 0;
    this.#metadata.clear();
  }

  /**
   * @returns the assignments; null if topics must be named first, by joining again
   * @throws the signal's reason
   */
  async assignPartitions(joined: Joined, signal: AbortSignal): Promise<Assignments | null> {
    const members = joined.flatMap(({ memberId, metadata }): Member[] => {
      const read = decodeSubscription(metadata);
      return read.kind === "foreign" ? [] : [{ memberId, subscriptionBytes: metadata.length, ...read }];
    });
    if (members.length < joined.length)
      this.#logger.warn("members of the group get no partitions: their subscriptions cannot be read", {
        members: joined.length - members.length,
      });
    const wanted = new Set(members.flatMap(({ subscription }) => subscription.wanted));
    this.#metadata.keep(wanted);
    for (const { subscription } of members)
      for (const [topic, own] of [...subscription.held, ...subscription.leaving])
        if (wanted.has(topic)) this.#metadata.assume(topic, Math.max(...own) + 1);
    const before = this.#namedForAll;
    if (before === null) this.#lookedMs = this.#time.monotonicMs();
    await this.#ask(this.#metadata.unsettled(wanted), signal);
    // Not all brokers know a topic that was just created.
    if (before !== null && this.#metadata.unsettled(wanted).some((topic) => !before.has(topic)))
      this.#againMs = LOOK_SOON_MS;

    const leftOut = this.#withoutRoom(members, wanted);
    const toName = wanted.difference(leftOut);
    const named = members.map((member) => member.named);
    const isTooMuch =
      leftOut.size > 0 && this.#namedForAll !== null && !this.#namedForAll.isDisjointFrom(leftOut);
    this.#namedForAll = toName;
    this.#leftOut = leftOut;
    if ((isTooMuch || isUnnamed(toName, named)) && this.#namings < MOST_NAMINGS) {
      this.#namings += 1;
      return null;
    }
    this.#namings = 0;
    return this.#assignments(members, toName);
  }

  /** Called if the assignment could not be stored. @returns true if it may be too large and the next will be smaller */
  shrink(): boolean {
    if (this.#namedForAll === null || this.#recordBytes < SMALL_RECORD_BYTES) return false;
    const bytes =
      this.#recordBytes > DEFAULT_RECORD_LIMIT_BYTES
        ? DEFAULT_RECORD_LIMIT_BYTES - LIMIT_MARGIN_BYTES
        : Math.floor(this.#recordBytes * SMALLER);
    this.#limit = { bytes, untilMs: this.#time.monotonicMs() + ROOM_AGAIN_MS };
    this.#logger.warn("the group's record is too large for its coordinator: leaving topics out", {
      bytes: this.#recordBytes,
      limitBytes: bytes,
    });
    return true;
  }

  /**
   * Checks for changes that affect the assignment: added partitions, created or deleted topics, room for those left
   * out. Call it regularly.
   * @returns true if the group must join again
   * @throws the signal's reason
   */
  async watch(signal: AbortSignal): Promise<boolean> {
    if (this.#namedForAll === null) return false;
    const nowMs = this.#time.monotonicMs();
    if (this.#limit !== null && nowMs >= this.#limit.untilMs) {
      this.#limit = null;
      if (this.#room !== null) return true;
    }
    const isAllDue = nowMs - this.#lookedMs >= WATCH_MS;
    if (isAllDue) {
      this.#lookedMs = nowMs;
      return this.#ask([...this.#namedForAll], signal);
    }
    if (nowMs - this.#lookedAgainMs < this.#againMs) return false;
    const unsettled = this.#metadata.unsettled(this.#namedForAll);
    // Thousands of missing topics are looked up less often.
    const mostMs = Math.max(1, Math.ceil(unsettled.length / 1_000)) * LOOK_AGAIN_MS;
    this.#againMs = unsettled.length === 0 ? LOOK_AGAIN_MS : Math.min(this.#againMs * 2, mostMs);
    return unsettled.length === 0 ? false : this.#ask(unsettled, signal);
  }

  /** Milliseconds until the next `watch` if that is soon; null if the regular interval is enough. */
  get soonMs(): number | null {
    return this.#namedForAll === null || this.#againMs >= LOOK_AGAIN_MS ? null : this.#againMs;
  }

  async #ask(topics: readonly string[], signal: AbortSignal): Promise<boolean> {
    this.#lookedAgainMs = this.#time.monotonicMs();
    try {
      return await this.#metadata.look(topics, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Known topics stay as they are; the others are looked up again soon.
      this.#logger.debug("the group's topics could not be looked up", { error: messageOf(error) });
      return false;
    }
  }

  /** Returns the topics there is no room for, if a limit is known. */
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
        assignmentBytes: this.#encodeFor(member, new Map(), new Set()).length,
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
      assignment: this.#encodeFor(member, given.get(member.memberId) ?? new Map(), topics),
    }));
    this.#recordBytes = recordBytes(
      members.map((member, at) => ({
        ...member,
        assignmentBytes: assignments[at]?.assignment.length ?? 0,
      })),
    );
    this.#logger.debug("the group's partitions are assigned", {
      members: members.length,
      topicCount: topics.size,
      withheld,
      recordBytes: this.#recordBytes,
    });
    return assignments;
  }

  #encodeFor(
    { subscription }: Member,
    partitions: ReadonlyMap<string, readonly number[]>,
    topics: ReadonlySet<string>,
  ): Uint8Array {
    const told = subscription.wanted.map((topic) => {
      const { standing, partitions: count } = this.#metadata.of(topic);
      const isLeftOut = standing === "given" && !topics.has(topic);
      return { standing: isLeftOut ? ("left_out" as const) : standing, partitions: count };
    });
    return encodeAssignment({ partitions, topics: told, room: this.#room });
  }

  #countsOf(topics: ReadonlySet<string>): Map<string, number> {
    return new Map([...topics].map((topic) => [topic, this.#metadata.of(topic).partitions]));
  }
}
