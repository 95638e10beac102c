import type { GroupListener, GroupMember, GroupTrouble } from "../../../lib/adapters/kafka/group/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/tenure.ts";
import type { Openings } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { StartAt } from "../../../lib/rules/declaration.ts";
import type { Logger } from "../../../lib/rules/logger.ts";
import { deadline, type Time } from "../../../lib/rules/time.ts";
import type { OwnedPartition, TopicInlets } from "./topic-inlets.ts";

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

/** Which topics and partitions a host reads: between the group's member and the topics. */
export interface Intake {
  /** Of a topic that exists, and is not open. */
  open(topic: string, taker: TopicTaker): TopicIntake;
  /** It may be another log by now: closed at once, and opened again where the group stands in it. */
  reopen(tenure: Tenure): void;
  /** Has the group share out what is ours of a topic that is not open any more. */
  release(topic: string): void;
  /** Why nothing is read; null: nothing that all topics have in common. */
  readonly trouble: GroupTrouble | null;
  /** As the member's; of the one that there is. */
  readonly commit: GroupMember["commit"];
  readonly logOf: Openings["logOf"];
  /** Finishes and commits what is in flight, leaves the group, and joins it again as another member, by other settings. */
  renew(): Promise<void>;
  /** What is released from now on has the group share out nothing: all of it is about to be left. */
  beginLeaving(): void;
  /** For good. */
  leave(): Promise<void>;
}

/** A way into the group by one set of Kafka's settings. */
export interface Membership {
  readonly member: GroupMember;
  readonly openings: Openings;
  /** What else has to be closed once the member has left. */
  close(): Promise<void>;
}

export interface IntakeDeps {
  /** By the settings in force. */
  join(listener: GroupListener): Membership;
  readonly time: Time;
  readonly logger: Logger;
}

/** What is in flight may be finished for so long before it is handed over: the group waits. */
const SETTLE_MS = 5_000;

export function createIntake(deps: IntakeDeps): Intake {
  const { time, logger } = deps;
  const topics = new Map<string, OpenTopic>();
  /** Those that are open, or wait for another taker. */
  const wanted = new Set<string>();
  let membership = enter();
  let telling = false;
  let isLeaving = false;
  let renewing: Promise<void> = Promise.resolve();

  /** Changes of one moment are one. */
  const tellWanted = (): void => {
    if (telling || isLeaving) return;
    telling = true;
    queueMicrotask(() => {
      telling = false;
      if (!isLeaving) membership.member.want(new Set(wanted));
    });
  };

  class OpenTopic implements TopicIntake {
    readonly name: string;
    readonly taker: TopicTaker;
    /** Open, or being opened. */
    readonly taken = new Map<number, Tenure>();
    readonly opening = new Set<Tenure>();
    /** Looked up, and not to be read yet; null: it has begun. */
    #waiting: OwnedPartition[] | null = [];
    hint: string | null = null;
    #paused = false;

    constructor(name: string, taker: TopicTaker) {
      this.name = name;
      this.taker = taker;
    }

    get isUp(): boolean {
      const { member } = membership;
      if (!member.named.has(this.name) || this.opening.size > 0) return false;
      return this.taken.size >= (member.tenures.get(this.name)?.size ?? 0);
    }

    get trouble(): GroupTrouble | null {
      const { member } = membership;
      return member.trouble ?? member.troubles.get(this.name) ?? null;
    }

    get partitions(): number | null {
      return membership.member.partitionsOf(this.name);
    }

    /** Of those that are ours and not open yet. */
    take(tenures: Iterable<Tenure>): void {
      if (this.#paused) return;
      for (const tenure of tenures) {
        if (tenure.ended || this.taken.get(tenure.partition) === tenure) continue;
        this.taken.set(tenure.partition, tenure);
        this.opening.add(tenure);
        membership.openings.add({
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
      using limit = deadline(time, SETTLE_MS);
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
      if (topics.get(this.name) === this) topics.delete(this.name);
    }
  }

  const byTopic = (tenures: readonly Tenure[]): [OpenTopic, Tenure[]][] =>
    [...Map.groupBy(tenures, ({ topic }) => topic)].flatMap(([name, own]) => {
      const topic = topics.get(name);
      return topic === undefined ? [] : [[topic, own] as [OpenTopic, Tenure[]]];
    });

  function enter(): Membership {
    /** What the former member still says is about nothing any more. */
    const isPresent = (): boolean => membership === own;
    const own: Membership = deps.join({
      onAssigned(tenures) {
        if (!isPresent()) return;
        for (const [topic, some] of byTopic(tenures)) topic.take(some);
      },
      async onRevoke(tenures) {
        if (!isPresent()) return;
        await Promise.all(byTopic(tenures).map(([topic, some]) => topic.settle(some)));
        for (const topic of topics.values()) topic.taker.onChange();
      },
      onLost(tenures) {
        if (!isPresent()) return;
        for (const [topic, some] of byTopic(tenures)) {
          topic.drop(some);
          topic.taker.onChange();
        }
      },
      onChange() {
        if (!isPresent()) return;
        tellTroubles(own.member);
        for (const topic of topics.values()) topic.taker.onChange();
      },
    });
    return own;
  }

  let told: { readonly all: string | null; readonly topics: ReadonlyMap<string, GroupTrouble> } = {
    all: null,
    topics: new Map(),
  };
  const tellTroubles = ({ trouble, troubles }: GroupMember): void => {
    const all = trouble?.message ?? null;
    if (all !== told.all) {
      if (all !== null) logger.warn("no topic is read: the group is not joined", { error: all });
      else logger.info("the group is joined again");
    }
    for (const [topic, { message }] of troubles)
      if (told.topics.get(topic)?.message !== message)
        logger.warn("a topic is not read", { topic, error: message });
    told = { all, topics: new Map(troubles) };
  };

  const renewOnce = async (): Promise<void> => {
    const former = membership;
    const all = [...topics.values()];
    await Promise.all(all.map((topic) => topic.settle([...topic.taken.values()])));
    for (const topic of all) topic.drop([...topic.taken.values()]);
    if (isLeaving) return;
    membership = enter();
    told = { all: null, topics: new Map() };
    await former.member.leave();
    await former.close();
    // Not before: as long as the former one is a member, the group waits for it.
    tellWanted();
    for (const topic of topics.values()) topic.taker.onChange();
  };

  return {
    open(name, taker) {
      const topic = new OpenTopic(name, taker);
      topics.set(name, topic);
      wanted.add(name);
      tellWanted();
      topic.take(membership.member.tenures.get(name)?.values() ?? []);
      return topic;
    },
    release(name) {
      if (!topics.has(name) && wanted.delete(name)) tellWanted();
    },
    reopen(tenure) {
      const topic = topics.get(tenure.topic);
      if (topic === undefined || tenure.ended) return;
      topic.drop([tenure]);
      topic.take([tenure]);
      topic.taker.onChange();
    },
    get trouble() {
      return membership.member.trouble;
    },
    commit: (entries, signal) => membership.member.commit(entries, signal),
    logOf: (topic, partition) => membership.openings.logOf(topic, partition),
    renew() {
      renewing = renewing.then(renewOnce);
      return renewing;
    },
    beginLeaving() {
      isLeaving = true;
    },
    async leave() {
      isLeaving = true;
      await renewing;
      await membership.member.leave();
      await membership.close();
    },
  };
}
