import { PartitionLog } from "./log.ts";

/**
 * One partition on all its brokers: one log, since what is replicated is the same everywhere, and for each broker how far it
 * knows it to be.
 */
export class Replicas {
  readonly topic: string;
  readonly partition: number;
  readonly log: PartitionLog;
  readonly #highWatermarks = new Map<number, number>();

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
    this.log = new PartitionLog(partition);
  }

  /** Up to where that broker shows the log to consumers. */
  highWatermark(nodeId: number): number {
    return Math.min(this.#highWatermarks.get(nodeId) ?? 0, this.log.end);
  }

  lastStableOffset(nodeId: number): number {
    return this.log.stableBelow(this.highWatermark(nodeId));
  }

  /** Any broker's highest: what some consumer may have read. */
  get shownUpTo(): number {
    return Math.min(Math.max(0, ...this.#highWatermarks.values()), this.log.end);
  }

  /** @returns whether it moved */
  advance(nodeId: number, highWatermark: number): boolean {
    const before = this.highWatermark(nodeId);
    if (highWatermark <= before) return false;
    this.#highWatermarks.set(nodeId, highWatermark);
    return true;
  }

  /** What is lost is not shown again by any broker, though the same offsets are written anew. */
  truncate(offset: number): void {
    this.log.truncate(offset);
    for (const [nodeId, highWatermark] of this.#highWatermarks)
      this.#highWatermarks.set(nodeId, Math.min(highWatermark, this.log.end));
  }
}
