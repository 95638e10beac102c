import type { ReadDeadLetter } from "./dead-letter-reader.ts";
import { rejectedField } from "../outcomes/rejected-field.ts";
import { decodeUtf8 } from "../base/utf8-text.ts";
import { type LetterGroup, type LetterState, noStates, type StateCounts } from "./letter-state.ts";

/** Dead letters of the same kind. */
export interface DigestGroup extends LetterGroup {
  readonly count: number;
  /** The same letters, by what became of their records. */
  readonly states: StateCounts;
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

type Entry = Pick<ReadDeadLetter, "topic" | "record" | "index" | "error" | "failedAt">;

interface Group {
  readonly kind: LetterGroup & Pick<DigestGroup, "sample">;
  count: number;
  readonly states: Record<LetterState, number>;
  /** Milliseconds since the epoch. */
  firstMs: number;
  lastMs: number;
}

/** Counts dead letters by topic, index, field and error, and keeps one sample of each kind. */
export class DigestCounter {
  readonly #groups = new Map<string, Group>();
  readonly #maxGroups: number;
  #others = 0;

  constructor(maxGroups = MAX_GROUPS) {
    this.#maxGroups = maxGroups;
  }

  add(letter: Entry, state: LetterState = "open"): void {
    const group = groupOf(letter);
    const name = groupKey(group);
    const known = this.#groups.get(name);
    const { failedAt } = letter;
    if (known !== undefined) {
      known.count += 1;
      known.states[state] += 1;
      // Partitions are read concurrently, so letters arrive out of order.
      known.firstMs = Math.min(known.firstMs, failedAt);
      known.lastMs = Math.max(known.lastMs, failedAt);
    } else if (this.#groups.size < this.#maxGroups) {
      const states = { ...noStates, [state]: 1 };
      const kind = { ...group, sample: sampleOf(letter) };
      this.#groups.set(name, { kind, count: 1, states, firstMs: failedAt, lastMs: failedAt });
    } else this.#others += 1;
  }

  digest(): DeadLetterDigest {
    const groups = [...this.#groups.values()].map(({ kind, count, states, firstMs, lastMs }) => {
      const { sample, ...group } = kind;
      const firstSeen = new Date(firstMs).toISOString();
      const lastSeen = new Date(lastMs).toISOString();
      const { topic, index, field, error } = group;
      return { topic, index, field, error, count, states, firstSeen, lastSeen, sample };
    });
    return { groups: groups.toSorted((a, b) => b.count - a.count), others: this.#others };
  }
}

/** The group that a letter belongs to. */
export function groupOf({ topic, index, error }: Pick<Entry, "topic" | "index" | "error">): LetterGroup {
  return { topic, index, field: rejectedField(error.reason), error: error.type };
}

/** The same text for the same group. */
export function groupKey({ topic, index, field, error }: LetterGroup): string {
  return JSON.stringify([topic, index, field, error]);
}

function sampleOf({ topic, record, error }: Entry): DigestGroup["sample"] {
  const { partition, offset, value } = record;
  return {
    topic,
    partition,
    offset,
    reason: error.reason,
    value: value === null ? null : beginningOf(value),
  };
}

/** The first 200 characters. Never ends in half a character. */
export function beginningOf(value: Buffer): string {
  // No character takes more than four bytes.
  const { text } = decodeUtf8(value.subarray(0, 4 * MAX_VALUE_CHARACTERS));
  return text.slice(0, MAX_VALUE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
}
