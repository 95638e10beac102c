import type { Companion } from "../../../rules/fetch/company.ts";
import { behindBytes, laneFor, type ReadLane } from "../../../rules/fetch/lanes.ts";
import type { Ask } from "../../../rules/fetch/session.ts";
import type { FetchedPartition } from "../protocol/wire.ts";
import type { FetchedPart, PartitionPosition, PartitionRead, PartitionSink } from "./sink.ts";

/** What one fetch asks of a partition. */
export interface ReadAsk extends Ask {
  readonly read: OpenRead;
  /** Of the read when it was asked; another now: it was sought or closed meanwhile, or is read elsewhere. */
  readonly token: number;
}

/** Who reads it; told when something is to be done. */
export interface ReadKeeper {
  /** It may be fetched, or is to be fetched elsewhere in the log. */
  onReady(read: OpenRead): void;
  /** It is not to be fetched. */
  onIdle(read: OpenRead): void;
  onClosed(read: OpenRead): void;
  heardAtMs(read: OpenRead): number | null;
}

/** One partition that is read: where it stands, and whether its next piece may be fetched. */
export class OpenRead implements PartitionRead, Companion {
  readonly topic: string;
  readonly partition: number;
  readonly sink: PartitionSink;
  readonly #keeper: ReadKeeper;
  /** The next to fetch. */
  offset: number;
  token = 0;
  /** `working`: what came is being worked up. `lost`: Kafka holds nothing there. */
  phase: "ready" | "working" | "lost" | "closed" = "ready";
  lane: ReadLane = "backlog";
  /** No answer has told of it since it was opened, sought, or is read from another broker. */
  isNew = true;
  /** Its sink had no room when a fetch was put together. */
  parked = false;
  busyIn = -1;
  /** In a row. */
  failures = 0;
  failingSinceMs = 0;
  /** The other broker to read from (KIP-392), and until when. */
  replica: { readonly node: number; readonly untilMs: number } | null = null;
  /** Until then it is read from its leader: the other broker did not do. */
  leaderOnlyUntilMs = 0;
  toldAtMs: number | null = null;
  #trouble: string | null = null;
  #bytesPerOffset: number | null = null;
  #end = 0;
  /** What is being worked up. */
  #part: FetchedPart | null = null;

  constructor(
    { topic, partition, offset }: { topic: string; partition: number; offset: number },
    sink: PartitionSink,
    keeper: ReadKeeper,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.sink = sink;
    this.#keeper = keeper;
  }

  get heardAtMs(): number | null {
    return this.#keeper.heardAtMs(this);
  }

  next(offset: number): void {
    const part = this.#part;
    if (this.phase !== "working" || part === null) return;
    const offsets = offset - part.fetchOffset;
    if (offsets > 0) this.#bytesPerOffset = part.records.byteLength / offsets;
    this.#part = null;
    this.offset = offset;
    this.phase = "ready";
    // Whoever found no room while this was on its way in the other lane was woken for what is worked up by now.
    this.parked = false;
    this.#chooseLane();
    this.#keeper.onReady(this);
  }

  seek(offset: number): void {
    if (this.phase === "closed") return;
    this.#part = null;
    this.offset = offset;
    this.phase = "ready";
    this.parked = false;
    this.beginElsewhere();
    this.#keeper.onIdle(this);
    this.#keeper.onReady(this);
  }

  wake(): void {
    if (!this.parked) return;
    this.parked = false;
    this.#keeper.onReady(this);
  }

  close(): void {
    if (this.phase === "closed") return;
    this.phase = "closed";
    this.token += 1;
    this.#part = null;
    this.#keeper.onClosed(this);
  }

  /** What is on its way is void: it is read from another place, or by another broker. */
  beginElsewhere(): void {
    this.token += 1;
    this.isNew = true;
    this.lane = "backlog";
  }

  /** Whether what was asked is still what it waits for. Another fetch of the same may have been sooner. */
  expects({ token, fetchOffset }: ReadAsk): boolean {
    return this.phase === "ready" && this.token === token && this.offset === fetchOffset;
  }

  /** Takes in a part of an answer without an error. @returns the bytes of records in it */
  take(fetched: FetchedPartition, nowMs: number): number {
    const { partition, highWatermark, lastStableOffset, logStart, records, aborted } = fetched;
    this.toldAtMs = nowMs;
    this.isNew = false;
    this.failures = 0;
    this.setTrouble(null);
    // What lies behind the last stable offset is not sent.
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
    this.#keeper.onIdle(this);
    this.sink.onPosition(position);
    // Told where it stands, the sink may have moved it.
    if (this.#part === part) this.sink.onFetched(part);
    return records.byteLength;
  }

  setTrouble(reason: string | null, type: string | null = null): void {
    if (reason === this.#trouble || this.phase === "closed") return;
    this.#trouble = reason;
    this.sink.onTrouble(reason, type);
  }

  /** How many bytes the next fetch may bring; 0: it has to wait until there is room. */
  askRoom(): number {
    const room = this.sink.room();
    this.parked = room <= 0;
    return Math.max(0, room);
  }

  #chooseLane(): void {
    this.lane = laneFor(this.lane, behindBytes(this.offset, this.#end, this.#bytesPerOffset));
  }
}
