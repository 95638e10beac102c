import type { GroupRecord } from "./group-store.ts";

/** What a group needs from its coordinator. */
export interface GroupSurroundings {
  /** Of the broker: its timers stand still while it is frozen, and end with it. */
  after(ms: number, act: () => void): () => void;
  newMemberId(): string;
  /** Writes the record; told false, the broker is not the coordinator any more. */
  write(record: GroupRecord, written: (stands: boolean) => void): void;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialDelayMs: number;
  /** `message.max.bytes` of `__consumer_offsets`. */
  readonly maxRecordBytes: number;
  tell(line: string): void;
}
