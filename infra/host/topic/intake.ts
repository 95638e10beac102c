import type {
  GroupListener,
  GroupMember,
  GroupTrouble,
} from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import { namesText } from "../../../lib/rules/diagnosis/check.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import {
  OpenTopic,
  type Membership,
  type OpenTopicDeps,
  type TopicIntake,
  type TopicTaker,
} from "./open-topic.ts";

/*
 * | a membership is | meaning                                        | left by                                        |
 * | current         | its events reach the topics                    | renew: settling; leave: left                   |
 * | settling        | still current; topics finish what is in flight | all settled: former, and another is current    |
 * | former          | leaves and closes; its events are ignored      | closed: only now the group hears of our topics |
 * | left            | for good, after a renewal under way            | never                                          |
 */

/** Connects the group's member with the topics: which topics and partitions this host reads. */
export interface Intake {
  /** Opens a topic that exists in Kafka and is not open. */
  open(topic: string, taker: TopicTaker): TopicIntake;
  /** The partition may be another log by now: closes it at once and opens it at the group's position. */
  reopen(tenure: Tenure): void;
  /**
   * Finishes and commits what is in flight of a partition, lets `act` move the group's position, and opens the partition
   * there. Others go on. Does nothing while its position is looked up, or if it is lost meanwhile.
   * @throws what `act` throws
   */
  move(tenure: Tenure, act: () => Promise<void>): Promise<void>;
  /** Opens the partition, unless it is open or something keeps it closed: another `move`, or a handover. */
  take(tenure: Tenure): void;
  /** Gives the partitions of a closed topic back to the group. */
  release(topic: string): void;
  readonly membership: Membership;
  /** Finishes and commits what is in flight, leaves the group, and joins it as another member with current settings. */
  renew(): Promise<void>;
  /** From now on releases trigger no rebalance: the whole group is about to be left. */
  beginLeaving(): void;
  leave(): Promise<void>;
}

export interface IntakeDeps {
  join(listener: GroupListener): Membership;
  /** Whether its position is about to be moved: until then it is not opened. */
  isToMove(tenure: Tenure): boolean;
  readonly time: Time;
  readonly logger: Logger;
}

export function createIntake(deps: IntakeDeps): Intake {
  const { logger } = deps;
  const topics = new Map<string, OpenTopic>();
  /** Topics that are open or not released yet. */
  const wanted = new Set<string>();
  const leaving = new WeakSet<Tenure>();
  const moving = new Set<Tenure>();
  let membership = enter();
  let telling = false;
  let isLeaving = false;
  let renewing: Promise<void> = Promise.resolve();

  const ofTopics: OpenTopicDeps = {
    time: deps.time,
    membership: () => membership,
    isElsewhere: (tenure) => leaving.has(tenure) || moving.has(tenure) || deps.isToMove(tenure),
    onClosed(topic) {
      if (topics.get(topic.name) === topic) topics.delete(topic.name);
    },
  };

  /** Changes within one turn are announced together. */
  const tellWanted = (): void => {
    if (telling || isLeaving) return;
    telling = true;
    queueMicrotask(() => {
      telling = false;
      if (!isLeaving) membership.member.want(new Set(wanted));
    });
  };

  const byTopic = (tenures: readonly Tenure[]): [OpenTopic, Tenure[]][] =>
    [...Map.groupBy(tenures, ({ topic }) => topic)].flatMap(([name, own]) => {
      const topic = topics.get(name);
      return topic === undefined ? [] : [[topic, own] as [OpenTopic, Tenure[]]];
    });

  function enter(): Membership {
    /** Events of a former member are ignored. */
    const isPresent = (): boolean => membership === own;
    const own: Membership = deps.join({
      onAssigned(tenures) {
        if (!isPresent()) return;
        for (const [topic, some] of byTopic(tenures)) topic.take(some);
      },
      async onRevoke(tenures) {
        if (!isPresent()) return;
        for (const tenure of tenures) leaving.add(tenure);
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
    const fresh = [...troubles].filter(([topic, { message }]) => told.topics.get(topic)?.message !== message);
    // One line per reason: thousands of topics may have no room, or be forbidden.
    for (const [error, some] of Map.groupBy(fresh, ([, { message }]) => message))
      logger.warn("the group blocks topics", { topics: namesText(some.map(([topic]) => topic)), error });
    told = { all, topics: new Map(troubles) };
  };

  const renewOnce = async (): Promise<void> => {
    const former = membership;
    await Promise.all([...topics.values()].map((topic) => topic.settle([...topic.taken.values()])));
    // Also drops what was opened or assigned meanwhile.
    for (const topic of topics.values()) topic.drop([...topic.taken.values()]);
    if (isLeaving) return;
    membership = enter();
    told = { all: null, topics: new Map() };
    await former.member.leave();
    try {
      await former.close();
    } finally {
      // Not earlier: the group would wait for the former member to rejoin.
      tellWanted();
      for (const topic of topics.values()) topic.taker.onChange();
    }
  };

  const take = (tenure: Tenure): void => {
    const topic = topics.get(tenure.topic);
    topic?.take([tenure]);
    topic?.taker.onChange();
  };

  return {
    open(name, taker) {
      const topic = new OpenTopic(name, taker, ofTopics);
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
      take(tenure);
    },
    async move(tenure, act) {
      const topic = topics.get(tenure.topic);
      // What a hold still settles may be committed after the move: the mover asks again.
      if (topic === undefined || moving.has(tenure) || topic.opening.has(tenure) || topic.isTurning) return;
      moving.add(tenure);
      try {
        await topic.settle([tenure]);
        if (!tenure.ended) await act();
      } finally {
        moving.delete(tenure);
        // Also if the topic has started anew meanwhile.
        take(tenure);
      }
    },
    take,
    get membership() {
      return membership;
    },
    renew() {
      const renewed = renewing.then(renewOnce);
      // A failure goes to the caller; later renewals and leaving do not depend on it.
      renewing = renewed.catch(() => {});
      return renewed;
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
