import type { KafkaCalls } from "../../../lib/adapters/kafka/protocol/wire.ts";

type Join = KafkaCalls["JoinGroup"];
type Sync = KafkaCalls["SyncGroup"];

/** What a member told the group when it joined. */
export interface Joined {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: Join["request"]["protocols"];
}

/** One member, as the coordinator keeps it. */
export class SimulatedMember {
  readonly id: string;
  joined: Joined;
  assignment: Uint8Array = new Uint8Array();
  /** It has joined for the first time, and no generation is complete yet. */
  isNew = true;
  /** Its JoinGroup, or SyncGroup, that waits for the others. */
  joining: ((answer: Join["answer"]) => void) | null = null;
  syncing: ((answer: Sync["answer"]) => void) | null = null;
  /** Calls off the end of its session. */
  callOff: () => void = () => {};

  constructor(id: string, joined: Joined) {
    this.id = id;
    this.joined = joined;
  }

  /** Whether that is what it told before, to the byte. */
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

  /** @returns whether it waited for one */
  answerSync(answer: Sync["answer"]): boolean {
    const waits = this.syncing;
    this.syncing = null;
    waits?.(answer);
    return waits !== null;
  }
}
