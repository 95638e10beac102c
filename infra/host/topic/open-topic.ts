import type { GroupMember, GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition, Openings } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { Reader } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { StartAt } from "../../../lib/rules/model/declaration.ts";
import { deadline, type Time } from "../../../lib/rules/base/time.ts";
import type { TopicInlets } from "../inlet/topic-inlets.ts";
import type { LookedUpPartition } from "../ledger/partition-entry.ts";
import type { LookUpSink } from "../inlet/sent-look-up.ts";

/*
 * A topic that is read passes through these states; each of its partitions, through those below.
 *
 * | the topic is | meaning                                                | left by                          |
 * | waiting      | its index is not ready: partitions are looked up only  | begin: reading; pause; close     |
 * | reading      | partitions are handed to the inlets once looked up     | pause: paused; close: closed     |
 * | paused       | opens nothing more; the inlets drain what is open      | close: closed                    |
 * | closed       | the group still assigns it to us, until it is released | the next `open` of the same name |
 *
 * | a partition is | meaning                                     | left by                                           |
 * | assigned       | ours in the group                           | take: opening                                     |
 * | opening        | its start position is being looked up, then | looked up: open; tenure over, drop or pause: gone |
 * |                | what may have been sent of it before        |                                                   |
 * | open           | read by an inlet                            | settle (revoked): leaving; drop (lost): gone      |
 * | leaving        | finishes what is in flight, for 5 s at most | committed or late: gone                           |
 *
 * A topic that is held, or no longer, settles or drops its partitions and takes them again. While it is held, they are
 * open as soon as their position is known, without waiting for the index, and nothing is read.
 */

/** The consumer of one topic's partitions. */
export interface TopicTaker {
  readonly inlets: TopicInlets;
  /** True: nothing is read. */
  readonly isHeld: boolean;
  /** Where to begin if the group has no commit of the topic. */
  startAt(): StartAt;
  /** Some partition was opened: from now on the group has a position in the topic. */
  onRead(): void;
  /** The topic's state in the group may have changed. */
  onChange(): void;
}

export interface TopicIntake {
  /** The group knows that we read it, and all partitions assigned to us are open; possibly none. */
  readonly isUp: boolean;
  /** Why the group does not let it run; null: unknown or all is well. */
  readonly trouble: GroupTrouble | null;
  /** Why a partition cannot be opened; null: all can. */
  readonly hint: string | null;
  /** The topic's number of partitions; null: unknown. */
  readonly partitions: number | null;
  /** The index is ready: records may come. Until then, partitions are only looked up. */
  begin(): void;
  /** `isHeld` of the taker changed: finishes and commits what is in flight and reads nothing more, or reads on. */
  holdOrRead(): Promise<void>;
  /** Opens no more partitions; those assigned to us stay ours. */
  pause(): void;
  /** Detaches the taker. Partitions stay ours, for another taker, until the topic is released. */
  close(): void;
}

/** A membership in the group under one set of Kafka settings. */
export interface Membership {
  readonly member: GroupMember;
  readonly openings: Openings;
  readonly reader: Pick<Reader, "open">;
  /** Closes the rest once the member has left. */
  close(): Promise<void>;
}

export interface OpenTopicDeps {
  membership(): Membership;
  /** Another member is about to get the partition, and its tenure ends without further notice; or its position is moved. */
  isElsewhere(tenure: Tenure): boolean;
  onClosed(topic: OpenTopic): void;
  readonly time: Time;
}

/** Time limit for finishing what is in flight before a handover. The whole group waits. */
const SETTLE_MS = 5_000;

/** A topic being read: its partitions that are open or being opened. */
export class OpenTopic implements TopicIntake {
  readonly name: string;
  readonly taker: TopicTaker;
  readonly taken = new Map<number, Tenure>();
  /**
   * With what is looked up; null: the position is not known yet. A tenure that was held and released meanwhile is opened anew,
   * maybe at another position.
   */
  readonly opening = new Map<Tenure, OpenedPartition | null>();
  /** Looked up before `begin`; null: reading has begun. */
  #waiting: OpenedPartition[] | null = [];
  hint: string | null = null;
  #paused = false;
  #held: boolean;
  #turning = false;
  readonly #sink: LookUpSink = {
    isDue: (partition) => this.#isDue(partition.tenure) && this.opening.get(partition.tenure) === partition,
    onFound: (partitions) => this.#own(partitions),
    onTrouble: (reason) => {
      this.hint = reason;
      this.taker.onChange();
    },
  };

  readonly #deps: OpenTopicDeps;

  constructor(name: string, taker: TopicTaker, deps: OpenTopicDeps) {
    this.name = name;
    this.taker = taker;
    this.#held = taker.isHeld;
    this.#deps = deps;
  }

  get isUp(): boolean {
    const { member } = this.#deps.membership();
    if (!member.named.has(this.name) || this.opening.size > 0) return false;
    for (const tenure of member.tenures.get(this.name)?.values() ?? [])
      if (this.taken.get(tenure.partition) !== tenure && !this.#deps.isElsewhere(tenure)) return false;
    return true;
  }

  /** Whether it is on its way to be held, or to be read again. */
  get isTurning(): boolean {
    return this.#turning;
  }

  get trouble(): GroupTrouble | null {
    const { member } = this.#deps.membership();
    return member.trouble ?? member.troubles.get(this.name) ?? null;
  }

  get partitions(): number | null {
    return this.#deps.membership().member.partitionsOf(this.name);
  }

  /** Opens those that are ours and not open yet. */
  take(tenures: Iterable<Tenure>): void {
    if (this.#paused) return;
    for (const tenure of tenures) {
      if (tenure.ended || this.#deps.isElsewhere(tenure)) continue;
      if (this.taken.get(tenure.partition) === tenure) continue;
      this.taken.set(tenure.partition, tenure);
      this.opening.set(tenure, null);
      this.#deps.membership().openings.add({
        tenure,
        startAt: () => this.taker.startAt(),
        onOpened: (partition) => {
          if (this.#held) this.#hold([partition]);
          else if (this.#waiting === null) this.#read([partition]);
          else this.#waiting.push(partition);
        },
        onTrouble: (reason) => {
          if (this.#isDue(tenure)) this.#sink.onTrouble(reason);
        },
        isDue: () => this.#isDue(tenure),
      });
    }
  }

  #isDue(tenure: Tenure): boolean {
    return this.opening.has(tenure) && !tenure.ended;
  }

  begin(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#read(waiting);
  }

  #read(partitions: readonly OpenedPartition[]): void {
    for (const partition of partitions)
      if (this.opening.has(partition.tenure)) this.opening.set(partition.tenure, partition);
    this.taker.inlets.lookUp.open(partitions, this.#sink);
  }

  #own(partitions: readonly LookedUpPartition[]): void {
    // Held meanwhile.
    if (this.#held) return;
    const due = this.#opened(partitions);
    if (due.length === 0) return;
    this.taker.onRead();
    this.taker.inlets.own(due);
    this.taker.onChange();
  }

  #hold(partitions: readonly OpenedPartition[]): void {
    const due = this.#opened(partitions);
    if (due.length === 0) return;
    if (due.some(({ committed }) => committed !== null)) this.taker.onRead();
    this.taker.inlets.hold(due);
    this.taker.onChange();
  }

  /** Those that are still due: partitions lost meanwhile are not in `opening` any more. */
  #opened<T extends OpenedPartition>(partitions: readonly T[]): readonly T[] {
    const due = partitions.filter(({ tenure }) => this.opening.delete(tenure) && !tenure.ended);
    if (this.opening.size === 0) this.hint = null;
    return due;
  }

  async holdOrRead(): Promise<void> {
    if (this.#turning) return;
    this.#turning = true;
    try {
      while (this.#held !== this.taker.isHeld && !this.#paused) {
        this.#held = this.taker.isHeld;
        const all = [...this.taken.values()];
        if (this.#held) await this.settle(all);
        else this.drop(all);
        if (this.#waiting !== null) this.#waiting = [];
        this.take(this.#deps.membership().member.tenures.get(this.name)?.values() ?? []);
      }
    } finally {
      this.#turning = false;
      this.taker.onChange();
    }
  }

  async settle(tenures: readonly Tenure[]): Promise<void> {
    const open = tenures.filter((tenure) => this.#forget(tenure));
    if (open.length === 0) return;
    using limit = deadline(this.#deps.time, SETTLE_MS);
    await this.taker.inlets.settle(open, limit.signal);
    this.taker.inlets.disown(open);
  }

  drop(tenures: readonly Tenure[]): void {
    const open = tenures.filter((tenure) => this.#forget(tenure));
    if (open.length > 0) this.taker.inlets.disown(open);
  }

  /** @returns whether it was open */
  #forget(tenure: Tenure): boolean {
    if (this.taken.get(tenure.partition) !== tenure) return false;
    this.taken.delete(tenure.partition);
    return !this.opening.delete(tenure);
  }

  pause(): void {
    this.#paused = true;
    for (const tenure of this.opening.keys()) this.taken.delete(tenure.partition);
    this.opening.clear();
  }

  close(): void {
    this.pause();
    this.#deps.onClosed(this);
  }
}
