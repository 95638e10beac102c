import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import {
  trackSpans,
  type Spans,
  type SpanTracks,
  type FetchedBatch,
} from "../../../rules/offsets/span-tracks.ts";
import { abortable } from "../../../rules/base/abortable.ts";
import { systemTime } from "../../system/system-time.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { type LogEnds, LogEndsLookup } from "../reader/log-ends.ts";
import { createReader, type FetchedPart, type PartitionRead, type PartitionSink } from "../reader/reader.ts";
import { createKafkaDecoder } from "../records/kafka-decoder.ts";
import type { RecordPiece } from "../records/record-decoder.ts";
import type { KafkaLinks } from "../client/links.ts";
import { createKafkaWire } from "../wire/kafkajs-wire.ts";
import type { KafkaWire } from "../protocol/wire.ts";

export type { Spans } from "../../../rules/offsets/span-tracks.ts";

export interface SpanReaderOptions {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly logger: Logger;
  /** Connections to use and leave open; absent: own ones, closed at the end. Nobody else may read over them. */
  readonly wire?: KafkaWire;
  /** What own connections share with the other clients of the process. */
  readonly links?: KafkaLinks | undefined;
}

/** Per partition, as sent: 1 MiB of well-compressed short lines is some hundred thousand records. */
const PARTITION_MAX_BYTES = 256 * 1024;
/** For all partitions, as sent and not decoded yet. */
const WAITING_MAX_BYTES = 8 * 1024 * 1024;
/** Decoded, in memory at once. A larger record batch comes alone. */
const PIECE_BYTES = 1024 * 1024;
/** A reader that receives nothing for this long before the end of its spans fails instead of hanging. */
const STALLED_MS = 60_000;
/** The pause before looking up the log's range again. */
const AGAIN_MS = 500;

/**
 * Reads spans of a topic once, at read_committed, in offset order within each partition. Each `onBatch` call gets
 * records within the span, and in `end` how far it has been read, including transaction markers and compacted offsets.
 * The next batch waits for `onBatch`, so memory stays bounded however long it takes.
 *
 * Offsets deleted by retention are skipped. A span that reaches into an open transaction ends before it. Uses no group.
 *
 * @throws PenstockError `topic_missing`; `kafka_refused`, naming topic, partition and offsets, if the log ends before a
 *   span does or the topic may not be read; `kafka_unavailable`; what `onBatch` throws; the signal's reason
 */
export async function readSpans(
  options: SpanReaderOptions,
  spans: Spans,
  onBatch: (batch: FetchedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if ([...spans.values()].every(({ start, end }) => start >= end)) return;
  const { kafka, topic, logger } = options;
  const wire = options.wire ?? createKafkaWire(kafka, logger, options.links);
  try {
    const ranges = await createKafkaOffsets(kafka, logger, wire).ranges(topic, signal);
    const tracks = trackSpans(topic, spans, ranges);
    if (tracks.pending().length > 0) await readPending(options, wire, tracks, onBatch, signal);
  } finally {
    if (options.wire === undefined) await wire.close();
  }
}

async function readPending(
  options: SpanReaderOptions,
  wire: KafkaWire,
  tracks: SpanTracks,
  onBatch: (batch: FetchedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { kafka, topic, logger } = options;
  const reader = createReader({ wire, rack: kafka.rack ?? "", time: systemTime, logger });
  const logEnds = new LogEndsLookup(wire, reader.leaders);
  const reading = new SpanReading(options, tracks, (partition, by) => logEnds.of({ topic, partition }, by));
  try {
    for (const { partition, position } of tracks.pending())
      reading.open(partition, (sink) => reader.open(topic, partition, position, sink));
    await reading.run(onBatch, signal);
  } finally {
    reading.close();
    await reader.close();
  }
}

/** Passes the fetched parts of one topic's spans to the caller. */
class SpanReading {
  readonly #topic: string;
  readonly #tracks: SpanTracks;
  readonly #logOf: (partition: number, signal: AbortSignal) => Promise<LogEnds>;
  readonly #decoder;
  readonly #life = new AbortController();
  #failure: { readonly error: unknown } | null = null;
  readonly #reads = new Map<number, PartitionRead>();
  #parts: { readonly partition: number; readonly part: FetchedPart }[] = [];
  #waitingBytes = 0;
  #arrived = Promise.withResolvers<void>();
  #trouble: string | null = null;
  #callOffStall = (): void => {};

  constructor(
    { topic, kafka }: SpanReaderOptions,
    tracks: SpanTracks,
    logOf: (partition: number, signal: AbortSignal) => Promise<LogEnds>,
  ) {
    this.#topic = topic;
    this.#tracks = tracks;
    this.#logOf = logOf;
    this.#decoder = createKafkaDecoder({ maxBatchBytes: kafka.maxBatchBytes });
  }

  open(partition: number, open: (sink: PartitionSink) => PartitionRead): void {
    this.#reads.set(partition, open(this.#sinkOf(partition)));
  }

  /** Resolves once all spans are read. */
  async run(onBatch: (batch: FetchedBatch) => Promise<void>, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      while (this.#tracks.pending().length > 0) {
        this.#throwFailure();
        const next = this.#parts.shift();
        if (next !== undefined) {
          await this.#take(next.partition, next.part, onBatch, signal);
          continue;
        }
        this.#watch();
        await this.#arrived.promise;
        this.#callOffStall();
        this.#arrived = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    this.#callOffStall();
    this.#life.abort(new Error("the spans are read"));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#arrived.resolve();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Only waiting for Kafka counts, not the time the caller takes for a batch. */
  #watch(): void {
    this.#callOffStall = systemTime.after(STALLED_MS, () =>
      this.#fail(this.#tracks.stalled(STALLED_MS, this.#trouble)),
    );
  }

  async #take(
    partition: number,
    part: FetchedPart,
    onBatch: (batch: FetchedBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const decodable = this.#decoder.open(part);
    for (
      let piece: RecordPiece | null;
      this.#tracks.isPending(partition) && (piece = await decodable.decodeNext(PIECE_BYTES)) !== null;
    ) {
      const { records, start, end } = piece;
      const verdict = this.#tracks.take({ partition, records, start, end });
      if (verdict.kind === "moved") throw new Error(`offset ${verdict.wanted} was passed over`);
      if (verdict.kind === "known") continue;
      await abortable(onBatch(verdict.batch), signal);
      this.#throwFailure();
      this.#tracks.advance(partition, verdict.batch.end);
    }
    this.#waitingBytes -= part.records.byteLength;
    if (this.#settle(partition)) this.#reads.get(partition)?.next(decodable.position);
    for (const read of this.#reads.values()) read.wake();
  }

  /** @returns false if the partition is finished and no longer fetched */
  #settle(partition: number): boolean {
    if (this.#tracks.isPending(partition)) return true;
    this.#reads.get(partition)?.close();
    this.#reads.delete(partition);
    this.#arrived.resolve();
    return false;
  }

  #sinkOf(partition: number): PartitionSink {
    return {
      room: () => (this.#waitingBytes < WAITING_MAX_BYTES ? PARTITION_MAX_BYTES : 0),
      onFetched: (part) => {
        this.#waitingBytes += part.records.byteLength;
        this.#parts.push({ partition, part });
        this.#arrived.resolve();
      },
      onPosition: (position) =>
        this.#guarded(() => {
          this.#tracks.observe(position);
          this.#settle(partition);
        }),
      onOutOfRange: () => void this.#findRange(partition),
      onGone: () => this.#fail(missing(this.#topic)),
      onTrouble: (reason, type) => {
        this.#trouble = reason;
        if (type === "TOPIC_AUTHORIZATION_FAILED")
          this.#fail(new PenstockError("kafka_refused", `topic "${this.#topic}": ${reason}`));
        if (type === "UNKNOWN_TOPIC_OR_PARTITION") this.#fail(missing(this.#topic));
      },
    };
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Called if retention advanced meanwhile, or the log was truncated. */
  async #findRange(partition: number): Promise<void> {
    const { signal } = this.#life;
    try {
      const log = await this.#logOf(partition, signal);
      this.#guarded(() => {
        this.#tracks.outOfRange(partition, log);
        if (!this.#settle(partition)) return;
        const at = this.#tracks.pending().find((one) => one.partition === partition);
        if (at !== undefined) this.#reads.get(partition)?.seek(at.position);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#trouble = messageOf(error);
      systemTime.after(AGAIN_MS, () => {
        if (!signal.aborted) void this.#findRange(partition);
      });
    }
  }
}

function missing(topic: string): PenstockError {
  return new PenstockError("topic_missing", `topic "${topic}" does not exist in Kafka`, { retryable: true });
}
