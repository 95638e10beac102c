import type { BackoffRule } from "../../../rules/base/backoff.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { FetchedPartition, KafkaWire } from "../protocol/wire.ts";
import type { OpenRead, ReadAsk } from "./open-read.ts";

/** The dependencies of both lanes of a broker. */
export interface LaneDeps {
  /** The broker. */
  readonly node: number;
  readonly wire: KafkaWire;
  readonly rack: string;
  readonly time: Time;
  /** Aborts when the reader closes. */
  readonly signal: AbortSignal;
  /** Passes on one partition of an answer. @returns the bytes of its records, 0 if they are no longer expected */
  readonly take: (ask: ReadAsk, fetched: FetchedPartition) => number;
  /** Called if it was answered without records or not at all, and may be fetched again. */
  readonly again: (read: OpenRead) => void;
  /** Called if a fetch was not answered. */
  readonly onFailed: (error: unknown) => void;
}

/** Between failed fetches: a restarting broker is back within some seconds. */
export const FETCH_BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };
