import type { GroupMember, GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Openings } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { StartAt } from "../../../lib/rules/model/declaration.ts";
import { deadline, type Time } from "../../../lib/rules/base/time.ts";
import type { OwnedPartition, TopicInlets } from "../inlet/inlet-deps.ts";

/** Who takes what is read of one topic. */
export interface TopicTaker {
  readonly inlets: TopicInlets;
  /** Where to begin if the group has no commit of the topic. */
  startAt(): StartAt;
  /** Some of it was opened: from now on the group stands somewhere in it. */
  onRead(): void;
  /** Where it stands may be other than before: to be looked at. */
  onChange(): void;
}

/** One topic that this host reads. */
export interface TopicIntake {
  /** The group knows that we read it, and what of it is ours is open; that may be none of it. */
  readonly isUp: boolean;
  /** Why the group does not let it run; null: nothing is known. */
  readonly trouble: GroupTrouble | null;
  /** Why what is ours of it cannot be opened; null: it can, or is. */
  readonly hint: string | null;
  /** How many partitions it has; null: not known. */
  readonly partitions: number | null;
  /** What it is written to is there: records may come. Before, its partitions are looked up, and no more. */
  begin(): void;
  /** Opens nothing more of it; what is ours stays it. */
  pause(): void;
  /** Nobody takes it any more. What is ours stays it, for another taker, until the topic is released. */
  close(): void;
}

/** A way into the group by one set of Kafka's settings. */
export interface Membership {
  readonly member: GroupMember;
  readonly openings: Openings;
  /** What else has to be closed once the member has left. */
  close(): Promise<void>;
}

export interface OpenTopicDeps {
  /** The one that there is. */
  membership(): Membership;
  /** Another member is about to get it: its tenure ends by itself, and nobody is told. */
  isLeaving(tenure: Tenure): boolean;
  onClosed(topic: OpenTopic): void;
  readonly time: Time;
}

/** What is in flight may be finished for so long before it is handed over: the group waits. */
const SETTLE_MS = 5_000;

/** A topic that is read: which of its partitions are open, and which are being opened. */
export class OpenTopic implements TopicIntake {
  readonly name: string;
  readonly taker: TopicTaker;
  /** Open, or being opened. */
  readonly taken = new Map<number, Tenure>();
  readonly opening = new Set<Tenure>();
  /** Looked up, and not to be read yet; null: it has begun. */
  #waiting: OwnedPartition[] | null = [];
  hint: string | null = null;
  #paused = false;

  readonly #deps: OpenTopicDeps;

  constructor(name: string, taker: TopicTaker, deps: OpenTopicDeps) {
    this.name = name;
    this.taker = taker;
    this.#deps = deps;
  }

  get isUp(): boolean {
    const { member } = this.#deps.membership();
    if (!member.named.has(this.name) || this.opening.size > 0) return false;
    for (const tenure of member.tenures.get(this.name)?.values() ?? [])
      if (this.taken.get(tenure.partition) !== tenure && !this.#deps.isLeaving(tenure)) return false;
    return true;
  }

  get trouble(): GroupTrouble | null {
    const { member } = this.#deps.membership();
    return member.trouble ?? member.troubles.get(this.name) ?? null;
  }

  get partitions(): number | null {
    return this.#deps.membership().member.partitionsOf(this.name);
  }

  /** Of those that are ours and not open yet. */
  take(tenures: Iterable<Tenure>): void {
    if (this.#paused) return;
    for (const tenure of tenures) {
      if (tenure.ended || this.#deps.isLeaving(tenure)) continue;
      if (this.taken.get(tenure.partition) === tenure) continue;
      this.taken.set(tenure.partition, tenure);
      this.opening.add(tenure);
      this.#deps.membership().openings.add({
        tenure,
        startAt: () => this.taker.startAt(),
        onOpened: (partition) => {
          if (this.#waiting === null) this.#read([partition]);
          else this.#waiting.push(partition);
        },
        onTrouble: (reason) => {
          if (!this.opening.has(tenure)) return;
          this.hint = reason;
          this.taker.onChange();
        },
        isDue: () => this.opening.has(tenure) && !tenure.ended,
      });
    }
  }

  begin(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#read(waiting);
  }

  #read(partitions: readonly OwnedPartition[]): void {
    // What left us meanwhile is not opening any more.
    const due = partitions.filter(({ tenure }) => this.opening.delete(tenure) && !tenure.ended);
    if (this.opening.size === 0) this.hint = null;
    if (due.length === 0) return;
    this.taker.onRead();
    this.taker.inlets.own(due);
    this.taker.onChange();
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
    for (const tenure of this.opening) this.taken.delete(tenure.partition);
    this.opening.clear();
  }

  close(): void {
    this.pause();
    this.#deps.onClosed(this);
  }
}
