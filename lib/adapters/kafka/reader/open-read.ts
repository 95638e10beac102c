import type { Companion } from "../../../rules/fetch/company.ts";
import { behindBytes, laneFor, type ReadLane } from "../../../rules/fetch/lanes.ts";
import type { Ask } from "../../../rules/fetch/session.ts";
import type { FetchedPartition } from "../protocol/wire.ts";
import type { FetchedPart, PartitionPosition, PartitionRead, PartitionSink } from "./sink.ts";

/** One partition in a fetch request. */
export interface ReadAsk extends Ask {
  readonly read: OpenRead;
  /** The read's token then. If it has changed, the read was moved, closed or assigned to another broker. */
  readonly token: number;
}

/** The reader, which is notified of changes. */
export interface ReadOwner {
  /** It can be fetched, perhaps at a new offset. */
  onReady(read: OpenRead): void;
  /** It must not be fetched for now. */
  onIdle(read: OpenRead): void;
  onClosed(read: OpenRead): void;
  heardAtMs(read: OpenRead): number | null;
}

/** The state of one partition: its offset, and whether it may be fetched. See `KafkaReader` for the phases. */
export class OpenRead implements PartitionRead, Companion {
  readonly topic: string;
  readonly partition: number;
  readonly sink: PartitionSink;
  readonly #owner: ReadOwner;
  /** The next offset to fetch. */
  offset: number;
  token = 0;
  phase: "ready" | "working" | "lost" | "closed" = "ready";
  lane: ReadLane = "backlog";
  /** No answer since it was opened, moved or assigned to another broker. */
  isNew = true;
  /** Its sink had no room when a fetch was built. */
  parked = false;
  busyIn = -1;
  /** Consecutive failures. */
  failures = 0;
  failingSinceMs = 0;
  /** The nearer replica to read from (KIP-392), and until when. */
  replica: { readonly node: number; readonly untilMs: number } | null = null;
  /** Until then it is read only from its leader, because the replica failed. */
  leaderOnlyUntilMs = 0;
  toldAtMs: number | null = null;
  #trouble: string | null = null;
  #bytesPerOffset: number | null = null;
  #end = 0;
  /** What the sink is processing. */
  #part: FetchedPart | null = null;

  constructor(
    { topic, partition, offset }: { topic: string; partition: number; offset: number },
    sink: PartitionSink,
    owner: ReadOwner,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.sink = sink;
    this.#owner = owner;
  }

  get heardAtMs(): number | null {
    return this.#owner.heardAtMs(this);
  }

  next(offset: number): void {
    const part = this.#part;
    if (this.phase !== "working" || part === null) return;
    const offsets = offset - part.fetchOffset;
    if (offsets > 0) this.#bytesPerOffset = part.records.byteLength / offsets;
    this.#part = null;
    this.offset = offset;
    this.phase = "ready";
    // The other lane may have parked it meanwhile; the wake-up for that came while it was being processed.
    this.parked = false;
    this.#chooseLane();
    this.#owner.onReady(this);
  }

  seek(offset: number): void {
    if (this.phase === "closed") return;
    this.#part = null;
    this.offset = offset;
    this.phase = "ready";
    this.parked = false;
    this.beginElsewhere();
    this.#owner.onIdle(this);
    this.#owner.onReady(this);
  }

  wake(): void {
    if (!this.parked) return;
    this.parked = false;
    this.#owner.onReady(this);
  }

  close(): void {
    if (this.phase === "closed") return;
    this.phase = "closed";
    this.token += 1;
    this.#part = null;
    this.#owner.onClosed(this);
  }

  /** Invalidates pending fetches, because the offset or the broker changes. */
  beginElsewhere(): void {
    this.token += 1;
    this.isNew = true;
    this.lane = "backlog";
  }

  /** True if the answer to this request is still needed. The other lane's answer may have come first. */
  expects({ token, fetchOffset }: ReadAsk): boolean {
    return this.phase === "ready" && this.token === token && this.offset === fetchOffset;
  }

  /** Accepts its part of an answer without error. @returns the bytes of its records */
  take(fetched: FetchedPartition, nowMs: number): number {
    const { partition, highWatermark, lastStableOffset, logStart, records, aborted } = fetched;
    this.toldAtMs = nowMs;
    this.isNew = false;
    this.failures = 0;
    this.setTrouble(null);
    // Records beyond the last stable offset are not sent.
    this.#end = lastStableOffset >= 0 ? lastStableOffset : highWatermark;
    const position: PartitionPosition = { partition, highWatermark, lastStableOffset, logStart };
    if (records === null || records.byteLength === 0) {
      this.#chooseLane();
      this.sink.onPosition(position);
      return 0;
    }
    this.phase = "working";
    const part: FetchedPart = { fetchOffset: this.offset, records, aborted, position };
    this.#part = part;
    this.#owner.onIdle(this);
    this.sink.onPosition(position);
    // The sink may have moved or closed it in `onPosition`.
    if (this.#part === part) this.sink.onFetched(part);
    return records.byteLength;
  }

  setTrouble(reason: string | null, type: string | null = null): void {
    if (reason === this.#trouble || this.phase === "closed") return;
    this.#trouble = reason;
    this.sink.onTrouble(reason, type);
  }

  /** Returns how many bytes the next fetch may bring; 0 parks it until there is room. */
  askRoom(): number {
    const room = this.sink.room();
    this.parked = room <= 0;
    return Math.max(0, room);
  }

  #chooseLane(): void {
    this.lane = laneFor(this.lane, behindBytes(this.offset, this.#end, this.#bytesPerOffset));
  }
}
