import { createGroupMember } from "../../lib/adapters/kafka/group/create-member.ts";
import type { CommitEntry, GroupMember } from "../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../lib/adapters/kafka/group/member/tenure.ts";
import type { HostProfile } from "../../lib/rules/group/protocol/profile.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { createMemoryLogger } from "./memory-logger.ts";
import { kafkaSettings } from "./settings.ts";

/** A member of a group that records its events. */
export interface TestMember extends AsyncDisposable {
  readonly member: GroupMember;
  readonly wire: KafkaWire;
  readonly assigned: Tenure[];
  readonly revoked: Tenure[];
  readonly lost: Tenure[];
  /** Called for partitions that it has to give up. */
  onRevoke: (tenures: readonly Tenure[]) => Promise<void>;
  /** `topic:partition`, in order. */
  holds(): string[];
  /** Breaks its connections and prevents new ones, so that it cannot leave the group. */
  kill(): Promise<void>;
}

export interface TestMemberOptions {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly host: string;
  /** As older versions: nothing. */
  readonly profile?: HostProfile;
  /** Wraps the connection between the member and the broker. */
  readonly around?: (wire: KafkaWire) => KafkaWire;
}

export function startTestMember(options: TestMemberOptions): TestMember {
  const { brokers, groupId, host, profile = null, around = (wire) => wire } = options;
  const logger = createMemoryLogger();
  const own = createKafkaWire(kafkaSettings({ brokers: [...brokers] }), logger);
  const [assigned, revoked, lost]: Tenure[][] = [[], [], []];
  const test: Omit<TestMember, "member" | typeof Symbol.asyncDispose> = {
    wire: own,
    assigned: assigned ?? [],
    revoked: revoked ?? [],
    lost: lost ?? [],
    onRevoke: () => Promise.resolve(),
    holds: () =>
      [...member.tenures.values()].flatMap((partitions) => [...partitions.values()].map(nameOf)).sort(),
    kill: () => own.close(),
  };
  const member = createGroupMember({
    wire: around(own),
    groupId,
    host,
    profile,
    time: systemTime,
    logger,
    listener: {
      onAssigned: (tenures) => void test.assigned.push(...tenures),
      async onRevoke(tenures) {
        test.revoked.push(...tenures);
        await result.onRevoke(tenures);
      },
      onLost: (tenures) => void test.lost.push(...tenures),
      onChange: () => {},
    },
  });
  const result: TestMember = {
    ...test,
    member,
    async [Symbol.asyncDispose]() {
      await member.leave();
      await own.close();
    },
  };
  return result;
}

export function nameOf({ topic, partition }: Tenure): string {
  return `${topic}:${partition}`;
}

export function entryOf(tenure: Tenure, offset: number): CommitEntry {
  return { tenure, offset, last: { offset: offset - 1, timestamp: 1_764_000_000_000 } };
}
