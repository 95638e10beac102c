import { PartitionLog } from "./log.ts";

/**
 * One partition on all its brokers: one shared log, because replicas are equal, and each broker's known position
 * in it.
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

  /** How far that broker shows the log to consumers. */
  highWatermark(nodeId: number): number {
    return Math.min(this.#highWatermarks.get(nodeId) ?? 0, this.log.end);
  }

  lastStableOffset(nodeId: number): number {
    return this.log.stableBelow(this.highWatermark(nodeId));
  }

  /** The highest position of any broker: some consumer may have read up to it. */
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

  /** No broker shows lost records again, though their offsets are reused. */
  truncate(offset: number): void {
    this.log.truncate(offset);
    for (const [nodeId, highWatermark] of this.#highWatermarks)
      this.#highWatermarks.set(nodeId, Math.min(highWatermark, this.log.end));
  }
}
