import { seededRandom, type SeededRandom } from "../../../infra/bench/kit/random.ts";

/** What generators of records draw from: the same seed gives the same bytes; no clock. */
export interface Kit extends SeededRandom {
  /** Of the record that is made, from 0. */
  readonly n: number;
  /** When its event was, whole milliseconds since the epoch. */
  readonly ms: number;
  readonly at: Date;
  /** The same in ISO 8601. */
  readonly iso: string;
  readonly hex: (length: number) => string;
  readonly uuid: () => string;
  readonly ip: () => string;
  readonly person: () => string;
  /** A sentence of some words. */
  readonly prose: (words: number) => string;
  /** The first, and once in ten times another: how seldom a service writes a field in a shape that is not its usual one. */
  readonly mostly: (shapes: readonly unknown[]) => unknown;
  /** True once in so many. */
  readonly once: (inHowMany: number) => boolean;
}

/** The records of one source, by a generator. */
export interface Shape {
  readonly name: string;
  /** `json` unless told. */
  readonly format?: "text" | "json";
  /** The fields to declare as the event's time; none unless told. */
  readonly timestamp?: readonly string[];
  /** In milliseconds: how exactly the record says its time, 1 unless told. */
  readonly precisionMs?: number;
  /** The field with the text that a person would look for, in JSON; null unless told. */
  readonly text?: string;
  /** The mixed topics it belongs to. */
  readonly groups?: readonly string[];
  /** 40 unless told. */
  readonly count?: number;
  /** A text or bytes as they are; anything else as JSON. */
  readonly of: (kit: Kit) => unknown;
}

const START_MS = Date.UTC(2026, 10, 28, 8, 0, 0);
/** Between two events: no two have the same time, and all are within a day. */
const STEP_MS = 7_919;

const PEOPLE = ["alice", "bob", "chidi", "dorothea", "evgeny", "fatima", "giulia", "hiroshi"];
const WORDS =
  "request response timeout connection refused handler worker queue flush segment checkpoint retry upstream cache session token expired disk partition rebalance leader election snapshot compaction index shard merge commit rollback deadlock latency budget exceeded gateway route policy denied accepted invoice shipment warehouse customer voucher".split(
    " ",
  );

export function createKit(random: SeededRandom, n: number): Kit {
  const { below } = random;
  // Undefined may be picked: a name that is not there.
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const ms = START_MS + n * STEP_MS;
  const at = new Date(ms);
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join("");
  return {
    ...random,
    pick,
    n,
    ms,
    at,
    iso: at.toISOString(),
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    ip: () => `10.${below(256)}.${below(256)}.${1 + below(254)}`,
    person: () => pick(PEOPLE),
    prose: (words) => Array.from({ length: words }, () => pick(WORDS)).join(" "),
    mostly: (shapes) => (below(10) === 0 ? pick(shapes) : shapes[0]),
    once: (inHowMany) => below(inHowMany) === 0,
  };
}

/** What a shape made. */
export interface MadeRecord {
  readonly value: Buffer;
  /** Null: not declared. */
  readonly timeMs: number | null;
}

export function recordsOf(shape: Shape): MadeRecord[] {
  const random = seededRandom(Bun.hash.crc32(shape.name));
  const { precisionMs = 1, timestamp = [], count = 40 } = shape;
  return Array.from({ length: count }, (_, n) => {
    const kit = createKit(random, n);
    const made = shape.of(kit);
    const value = Buffer.isBuffer(made)
      ? made
      : Buffer.from(typeof made === "string" ? made : JSON.stringify(made));
    return { value, timeMs: timestamp.length === 0 ? null : Math.floor(kit.ms / precisionMs) * precisionMs };
  });
}
