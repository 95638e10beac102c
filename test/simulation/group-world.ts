import { seededRandom, type SeededRandom } from "../../infra/bench/kit/random.ts";
import { createGroupMember } from "../../lib/adapters/kafka/group/create-member.ts";
import type { GroupMember } from "../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../lib/adapters/kafka/group/member/tenure.ts";
import { decodeSubscription } from "../../lib/rules/group/protocol/subscription.ts";
import { sleep } from "../../lib/rules/base/time.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import {
  createSimulatedKafka,
  type ServedCall,
  type SimulatedKafka,
  type SimulatedKafkaOptions,
} from "./kafka/cluster.ts";
import { createSimulatedProcess, type SimulatedProcess } from "./process.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";

export const GROUP = "group";

/** A member in its own process that keeps committing everything it holds. */
export interface SimulatedMember {
  readonly name: string;
  readonly member: GroupMember;
  readonly process: SimulatedProcess;
  readonly revoked: Tenure[];
  readonly lost: Tenure[];
  /** `topic:partition`, in order. */
  holds(): string[];
}

export interface GroupWorld {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly kafka: SimulatedKafka;
  readonly members: SimulatedMember[];
  start(name: string, topics: Iterable<string>): SimulatedMember;
  /** How many commits the coordinator took. */
  readonly commits: { count: number };
  /** Violations. */
  readonly wrong: string[];
  /** Runs until the condition holds. @throws Error if it does not in time */
  readonly until: (what: string, isSo: () => boolean, forMs?: number) => void;
}

const REVOKE_TAKES_MS = 200;

export function createGroupWorld(
  seed: number,
  options: Partial<Omit<SimulatedKafkaOptions, "time" | "random">> = {},
): GroupWorld {
  const random = seededRandom(seed);
  const time = createVirtualTime(random);
  const wrong: string[] = [];
  const commits = { count: 0 };
  const watch = watchCalls(wrong, commits);
  const kafka = createSimulatedKafka({
    initialRebalanceDelayMs: 100,
    ...options,
    time,
    random,
    observe: watch,
  });
  const members: SimulatedMember[] = [];
  return {
    time,
    random,
    kafka,
    members,
    commits,
    wrong,
    start(name, topics) {
      const started = startMember(name, kafka, time);
      started.member.want(new Set(topics));
      members.push(started);
      return started;
    },
    until(what, isSo, forMs = 60_000) {
      const untilMs = time.monotonicMs() + forMs;
      while (!isSo()) if (!time.step(untilMs)) throw new Error(`not within ${forMs} ms: ${what}`);
    },
  };
}

function startMember(name: string, kafka: SimulatedKafka, world: VirtualTime): SimulatedMember {
  const process = createSimulatedProcess({ time: world });
  const [revoked, lost]: [Tenure[], Tenure[]] = [[], []];
  const { time } = process;
  const member = createGroupMember({
    wire: process.wire(kafka.openWire(name)),
    groupId: GROUP,
    host: name,
    time,
    logger: createMemoryLogger(),
    listener: {
      onAssigned: () => {},
      async onRevoke(tenures) {
        revoked.push(...tenures);
        await sleep(time, REVOKE_TAKES_MS);
      },
      onLost: (tenures) => void lost.push(...tenures),
      onChange: () => {},
    },
  });
  const keepCommitting = async (): Promise<never> => {
    for (let offset = 1; ; offset += 1) {
      await sleep(time, 150 + 100 * time.random());
      const entries = [...member.tenures.values()].flatMap((own) =>
        Array.from(own.values(), (tenure) => ({ tenure, offset, last: null })),
      );
      // Kafka may be unreachable; the commit is retried.
      await member.commit(entries, new AbortController().signal).catch(() => {});
    }
  };
  void keepCommitting();
  return {
    name,
    member,
    process,
    revoked,
    lost,
    holds: () =>
      [...member.tenures]
        .flatMap(([topic, own]) => [...own.keys()].map((partition) => `${topic}:${partition}`))
        .sort(),
  };
}

/**
 * In one generation, only one member may commit for a partition. Each stable generation must name every wanted topic,
 * or offsets of quiet topics expire.
 */
function watchCalls(wrong: string[], commits: { count: number }): (call: ServedCall) => void {
  const committers = new Map<string, string>();
  const told = new Map<string, Uint8Array>();
  return (call) => {
    if (call.api === "OffsetCommit") {
      const { generation } = call.request;
      for (const { topic, partitions } of call.answer.topics)
        for (const { partition, error } of partitions) {
          if (error !== null) continue;
          commits.count += 1;
          const key = `generation ${generation} ${topic}:${partition}`;
          const before = committers.get(key) ?? call.client;
          committers.set(key, call.client);
          if (before !== call.client) wrong.push(`${key}: ${before} and ${call.client} commit`);
        }
    }
    if (call.api === "JoinGroup" && call.answer.error === null)
      for (const { memberId, metadata } of call.answer.members) told.set(memberId, metadata);
    if (call.api === "SyncGroup" && call.answer.error === null && call.request.assignments.length > 0) {
      const read = call.request.assignments.map(({ memberId }) =>
        decodeSubscription(told.get(memberId) ?? new Uint8Array()),
      );
      const ours = read.flatMap((one) => (one.kind === "ours" ? [one] : []));
      const named = new Set(ours.flatMap((one) => one.named));
      for (const topic of ours.flatMap((one) => one.subscription.wanted))
        if (!named.has(topic)) wrong.push(`generation ${call.request.generation}: nobody names ${topic}`);
    }
  };
}
