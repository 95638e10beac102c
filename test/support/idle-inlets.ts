import type { Intake } from "../../infra/host/topic/intake.ts";
import type { TopicIntake, TopicTaker } from "../../infra/host/topic/open-topic.ts";
import type { Pump } from "../../infra/host/pump/pump.ts";
import type { TopicInlets } from "../../infra/host/inlet/topic-inlets.ts";
import type { PoolEvents, TopicEvents } from "../../infra/host/topic/topic-events.ts";
import type { GroupTrouble } from "../../lib/adapters/kafka/group/member/member.ts";
import { nothingSent } from "./looked-up.ts";

/** A pump that moves nothing, with the given overrides. */
export function idlePump(own: Partial<Pump> = {}): Pump {
  return {
    expect() {},
    own() {},
    settle: () => Promise.resolve(),
    disown() {},
    mayTake: () => true,
    probing: false,
    take: () => true,
    nextOf: () => null,
    moveTo() {},
    observe() {},
    partitions: () => [],
    lag: null,
    isOurs: () => false,
    trouble: null,
    tryNow() {},
    drain: () => Promise.resolve(true),
    close() {},
    ...own,
  };
}

/** Inlets that move nothing, with the given overrides. */
export function idleInlets(own: Partial<TopicInlets> = {}): TopicInlets {
  return {
    pump: idlePump(),
    lookUp: nothingSent,
    own() {},
    hold() {},
    settle: () => Promise.resolve(),
    disown() {},
    trouble: null,
    drain: () => Promise.resolve(true),
    close() {},
    ...own,
  };
}

/** A group that accepts every topic at once, unless it is set to refuse. */
export interface WillingIntake extends Intake {
  readonly takers: ReadonlyMap<string, TopicTaker>;
  /** Topics that the group knows. */
  readonly wanted: ReadonlySet<string>;
  /** How often a topic was opened, and how often one was allowed to read. */
  readonly opened: number;
  readonly begun: number;
  /** False while joining takes long for an unknown reason. */
  joined: boolean;
  /** Null accepts topics again. */
  refuse(trouble: GroupTrouble | null): void;
}

export function willingIntake(): WillingIntake {
  const takers = new Map<string, TopicTaker>();
  const wanted = new Set<string>();
  let trouble: GroupTrouble | null = null;
  let opened = 0;
  let begun = 0;
  let joined = true;
  const changed = (): void => {
    for (const taker of takers.values()) taker.onChange();
  };
  return {
    takers,
    wanted,
    get opened() {
      return opened;
    },
    get begun() {
      return begun;
    },
    get joined() {
      return joined;
    },
    set joined(is) {
      joined = is;
      changed();
    },
    refuse(why) {
      trouble = why;
      changed();
    },
    open(topic, taker): TopicIntake {
      opened += 1;
      takers.set(topic, taker);
      wanted.add(topic);
      return {
        get isUp() {
          return joined && trouble === null;
        },
        get trouble() {
          return trouble;
        },
        hint: null,
        partitions: 1,
        begin: () => void (begun += 1),
        holdOrRead: () => Promise.resolve(),
        pause() {},
        close: () => void takers.delete(topic),
      };
    },
    reopen() {},
    move: () => Promise.resolve(),
    take() {},
    release(topic) {
      if (!takers.has(topic)) wanted.delete(topic);
    },
    get membership(): never {
      throw new Error("nothing here is read");
    },
    renew: () => Promise.resolve(),
    beginLeaving() {},
    leave: () => Promise.resolve(),
  };
}

/** Ignores the events of a topic. */
export const unheard: TopicEvents = {
  consumed() {},
  outcomes() {},
  retried() {},
  gaveWay() {},
  setAside() {},
  commitFailed() {},
};

/** The same for a pool, with the given overrides. */
export function poolEvents(own: Partial<PoolEvents> = {}): PoolEvents {
  return { ofTopic: () => unheard, lost() {}, failed() {}, forgotten() {}, ...own };
}
