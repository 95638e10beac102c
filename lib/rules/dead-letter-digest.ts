import type { ReadDeadLetter } from "./dead-letter-reader.ts";
import { rejectedField } from "./rejected-field.ts";
import { decodeUtf8 } from "./utf8-text.ts";

/** Dead letters of the same kind. */
export interface DigestGroup {
  readonly topic: string;
  /** Null: the reason names none. */
  readonly field: string | null;
  /** The error's type. */
  readonly error: string;
  readonly count: number;
  /** The first of them. */
  readonly sample: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly reason: string;
    /** The beginning of the value, at most 200 characters; null where the letter has none. */
    readonly value: string | null;
  };
}

/** What dead letters have in common. */
export interface DeadLetterDigest {
  /** The most frequent first. */
  readonly groups: readonly DigestGroup[];
  /** Letters beyond the groups that are kept. */
  readonly others: number;
}

const MAX_GROUPS = 1_000;
const MAX_VALUE_CHARACTERS = 200;

type Entry = Pick<ReadDeadLetter, "topic" | "record" | "error">;

/** Counts dead letters by topic, field and error; holds one sample of each kind, however many are added. */
export class DigestCounter {
  readonly #groups = new Map<string, { group: Omit<DigestGroup, "count">; count: number }>();
  readonly #maxGroups: number;
  #others = 0;

  constructor(maxGroups = MAX_GROUPS) {
    this.#maxGroups = maxGroups;
  }

  add(letter: Entry): void {
    const field = rejectedField(letter.error.reason);
    const name = JSON.stringify([letter.topic, field, letter.error.type]);
    const known = this.#groups.get(name);
    if (known !== undefined) known.count += 1;
    else if (this.#groups.size < this.#maxGroups) {
      this.#groups.set(name, { group: groupOf(letter, field), count: 1 });
    } else this.#others += 1;
  }

  digest(): DeadLetterDigest {
    const groups = [...this.#groups.values()].map(({ group, count }) => {
      const { topic, field, error, sample } = group;
      return { topic, field, error, count, sample };
    });
    return { groups: groups.toSorted((a, b) => b.count - a.count), others: this.#others };
  }
}

function groupOf({ topic, record, error }: Entry, field: string | null): Omit<DigestGroup, "count"> {
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

/** Without half a character at its end. */
function beginningOf(value: Buffer): string {
  // No character takes more than four bytes.
  const { text } = decodeUtf8(value.subarray(0, 4 * MAX_VALUE_CHARACTERS));
  return text.slice(0, MAX_VALUE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
}
