import type { GroupRecord } from "./group-store.ts";

/** What a group needs from its coordinator. */
export interface GroupSurroundings {
  /** The broker's timers: frozen with it, and ended with it. */
  after(ms: number, act: () => void): () => void;
  newMemberId(): string;
  /** Writes the record. If the result is false, the broker is no longer the coordinator. */
  write(record: GroupRecord, written: (stands: boolean) => void): void;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialDelayMs: number;
  /** `message.max.bytes` of `__consumer_offsets`. */
  readonly maxRecordBytes: number;
  tell(line: string): void;
}
