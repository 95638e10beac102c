import type {
  GroupListener,
  GroupMember,
  GroupTrouble,
} from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Openings } from "../../../lib/adapters/kafka/reader/opening.ts";
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

export interface IntakeDeps {
  /** By the settings in force. */
  join(listener: GroupListener): Membership;
  readonly time: Time;
  readonly logger: Logger;
}

export function createIntake(deps: IntakeDeps): Intake {
  const { logger } = deps;
  const topics = new Map<string, OpenTopic>();
  /** Those that are open, or wait for another taker. */
  const wanted = new Set<string>();
  const leaving = new WeakSet<Tenure>();
  let membership = enter();
  let telling = false;
  let isLeaving = false;
  let renewing: Promise<void> = Promise.resolve();

  const ofTopics: OpenTopicDeps = {
    time: deps.time,
    membership: () => membership,
    isLeaving: (tenure) => leaving.has(tenure),
    onClosed(topic) {
      if (topics.get(topic.name) === topic) topics.delete(topic.name);
    },
  };

  /** Changes of one moment are one. */
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
    /** What the former member still says is about nothing any more. */
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
    // One line for all that have the same: thousands may have no room, or be forbidden.
    for (const [error, some] of Map.groupBy(fresh, ([, { message }]) => message))
      logger.warn("the group holds topics up", { topics: namesText(some.map(([topic]) => topic)), error });
    told = { all, topics: new Map(troubles) };
  };

  const renewOnce = async (): Promise<void> => {
    const former = membership;
    await Promise.all([...topics.values()].map((topic) => topic.settle([...topic.taken.values()])));
    // And what was opened or assigned meanwhile.
    for (const topic of topics.values()) topic.drop([...topic.taken.values()]);
    if (isLeaving) return;
    membership = enter();
    told = { all: null, topics: new Map() };
    await former.member.leave();
    try {
      await former.close();
    } finally {
      // Not before: as long as the former one is a member, the group waits for it.
      tellWanted();
      for (const topic of topics.values()) topic.taker.onChange();
    }
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
      topic.take([tenure]);
      topic.taker.onChange();
    },
    get trouble() {
      return membership.member.trouble;
    },
    commit: (entries, signal) => membership.member.commit(entries, signal),
    logOf: (topic, partition) => membership.openings.logOf(topic, partition),
    renew() {
      const renewed = renewing.then(renewOnce);
      // Whoever asked for it is told; the next one, and leaving, do not depend on it.
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
