import type { KafkaCalls } from "../../../lib/adapters/kafka/protocol/wire.ts";

type Join = KafkaCalls["JoinGroup"];
type Sync = KafkaCalls["SyncGroup"];

/** What a member sent when it joined. */
export interface Joined {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: Join["request"]["protocols"];
}

/** One member, as the coordinator stores it. */
export class SimulatedMember {
  readonly id: string;
  joined: Joined;
  assignment: Uint8Array = new Uint8Array();
  /** It has joined for the first time, before a complete generation. */
  isNew = true;
  /** Its pending JoinGroup or SyncGroup. */
  joining: ((answer: Join["answer"]) => void) | null = null;
  syncing: ((answer: Sync["answer"]) => void) | null = null;
  /** Cancels its session timeout. */
  callOff: () => void = () => {};

  constructor(id: string, joined: Joined) {
    this.id = id;
    this.joined = joined;
  }

  /** Whether it sent exactly the same before. */
  matches(protocols: Joined["protocols"]): boolean {
    const before = this.joined.protocols;
    return (
      before.length === protocols.length &&
      before.every(({ name, metadata }, at) => {
        const now = protocols[at];
        return now !== undefined && now.name === name && Buffer.compare(now.metadata, metadata) === 0;
      })
    );
  }

  metadata(protocol: string): Uint8Array {
    return this.joined.protocols.find(({ name }) => name === protocol)?.metadata ?? new Uint8Array();
  }

  answerJoin(answer: Join["answer"]): void {
    const waits = this.joining;
    this.joining = null;
    waits?.(answer);
  }

  /** @returns whether one was pending */
  answerSync(answer: Sync["answer"]): boolean {
    const waits = this.syncing;
    this.syncing = null;
    waits?.(answer);
    return waits !== null;
  }
}
