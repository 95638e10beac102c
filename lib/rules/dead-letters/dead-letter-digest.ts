import type { ReadDeadLetter } from "./dead-letter-reader.ts";
import { rejectedField } from "../outcomes/rejected-field.ts";
import { decodeUtf8 } from "../base/utf8-text.ts";

/** Dead letters of the same kind. */
export interface DigestGroup {
  readonly topic: string;
  /** Null if the reason names none. */
  readonly field: string | null;
  /** The error's type. */
  readonly error: string;
  readonly count: number;
  /** When the first and the last were rejected, ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The first one read. */
  readonly sample: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly reason: string;
    /** The beginning of the value, at most 200 characters; null if the letter has none. */
    readonly value: string | null;
  };
}

/** Dead letters grouped by what they have in common. */
export interface DeadLetterDigest {
  /** The most frequent first. */
  readonly groups: readonly DigestGroup[];
  /** Letters that fit no group because the limit of groups was reached. */
  readonly others: number;
}

const MAX_GROUPS = 1_000;
const MAX_VALUE_CHARACTERS = 200;

type Entry = Pick<ReadDeadLetter, "topic" | "record" | "error" | "failedAt">;

interface Group {
  readonly kind: Pick<DigestGroup, "topic" | "field" | "error" | "sample">;
  count: number;
  /** Milliseconds since the epoch. */
  firstMs: number;
  lastMs: number;
}

/** Counts dead letters by topic, field and error, and keeps one sample of each kind. */
export class DigestCounter {
  readonly #groups = new Map<string, Group>();
  readonly #maxGroups: number;
  #others = 0;

  constructor(maxGroups = MAX_GROUPS) {
    this.#maxGroups = maxGroups;
  }

  add(letter: Entry): void {
    const field = rejectedField(letter.error.reason);
    const name = JSON.stringify([letter.topic, field, letter.error.type]);
    const known = this.#groups.get(name);
    const { failedAt } = letter;
    if (known !== undefined) {
      known.count += 1;
      // Partitions are read concurrently, so letters arrive out of order.
      known.firstMs = Math.min(known.firstMs, failedAt);
      known.lastMs = Math.max(known.lastMs, failedAt);
    } else if (this.#groups.size < this.#maxGroups) {
      this.#groups.set(name, { kind: kindOf(letter, field), count: 1, firstMs: failedAt, lastMs: failedAt });
    } else this.#others += 1;
  }

  digest(): DeadLetterDigest {
    const groups = [...this.#groups.values()].map(({ kind, count, firstMs, lastMs }) => {
      const { topic, field, error, sample } = kind;
      const firstSeen = new Date(firstMs).toISOString();
      const lastSeen = new Date(lastMs).toISOString();
      return { topic, field, error, count, firstSeen, lastSeen, sample };
    });
    return { groups: groups.toSorted((a, b) => b.count - a.count), others: this.#others };
  }
}

function kindOf({ topic, record, error }: Entry, field: string | null): Group["kind"] {
  const { partition, offset, value } = record;
  return {
    topic,
    field,
    error: error.type,
    sample: {
      topic,
      partition,
      offset,
      reason: error.reason,
      value: value === null ? null : beginningOf(value),
    },
  };
}

/** Never ends in half a character. */
function beginningOf(value: Buffer): string {
  // No character takes more than four bytes.
  const { text } = decodeUtf8(value.subarray(0, 4 * MAX_VALUE_CHARACTERS));
  return text.slice(0, MAX_VALUE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
}
