import type { BackoffRule } from "../../../rules/base/backoff.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { FetchedPartition, KafkaWire } from "../protocol/wire.ts";
import type { OpenRead, ReadAsk } from "./open-read.ts";

/** What both lanes of a broker work with. */
export interface LaneDeps {
  /** The broker. */
  readonly node: number;
  readonly wire: KafkaWire;
  readonly rack: string;
  readonly time: Time;
  /** Aborts with the reader's end. */
  readonly signal: AbortSignal;
  /** Hands on what an answer says of one partition. @returns the bytes of records in it; 0 too where nobody waits for it */
  readonly take: (ask: ReadAsk, fetched: FetchedPartition) => number;
  /** It was answered without records, or not at all, and may be fetched again. */
  readonly again: (read: OpenRead) => void;
  /** A fetch was not answered. */
  readonly onFailed: (error: unknown) => void;
}

/** Between fetches that fail: a broker that restarts is back within some seconds. */
export const FETCH_BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };
