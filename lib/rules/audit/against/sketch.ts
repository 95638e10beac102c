import { createHash } from "node:crypto";

/** 64 bits of a content's hash: among 100 million contents, two agree by chance once in 4,000 audits. */
export interface ContentHash {
  readonly high: number;
  readonly low: number;
}

export function hashOf(text: string): ContentHash {
  const digest = createHash("sha1").update(text).digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

/** Of 53 bits, as a key of a map. */
export function numberOf({ high, low }: ContentHash): number {
  return high * 2 ** 21 + (low >>> 11);
}

/** A content that two multisets hold unequally often. */
export interface Surplus extends ContentHash {
  /** How many more the first multiset has; negative: the second. */
  readonly count: number;
}

export interface DifferenceSketch {
  /** @param by 1 for the first multiset, -1 for the second */
  add(hash: ContentHash, by: 1 | -1): void;
  /** Consumes the sketch. @returns null if the multisets differ in more contents than it has room for */
  differences(): readonly Surplus[] | null;
}

const TABLES = 3;
const TABLE_CELLS = 2 ** 17;

/**
 * About how many different contents a sketch has room for. Below 0.81 differences for each cell, peeling succeeds almost
 * always (Goodrich and Mitzenmacher: Invertible Bloom Lookup Tables, 2011, for three hash functions).
 */
export const SKETCH_ROOM = Math.floor(0.75 * TABLES * TABLE_CELLS);

/**
 * The difference of two multisets of hashes in constant memory (11 MB), however many they hold and in whatever order they
 * come: an invertible Bloom lookup table. What both hold cancels out. What is left is peeled off: a cell in which only one
 * content is left shows it, and taking it out of its other cells uncovers the next ones.
 *
 * Sums are exact in doubles: a cell would need two million hashes of one side that no other cancels.
 */
export function createDifferenceSketch(tableCells = TABLE_CELLS): DifferenceSketch {
  const cells = TABLES * tableCells;
  const counts = new Int32Array(cells);
  const highs = new Float64Array(cells);
  const lows = new Float64Array(cells);
  const checks = new Float64Array(cells);

  const placesOf = (high: number, low: number): readonly [number, number, number] => [
    high % tableCells,
    tableCells + (low % tableCells),
    2 * tableCells + (mixed(low, high) % tableCells),
  ];
  const change = (high: number, low: number, by: number): readonly number[] => {
    const places = placesOf(high, low);
    const check = mixed(high, low);
    for (const place of places) {
      counts[place] = (counts[place] ?? 0) + by;
      highs[place] = (highs[place] ?? 0) + by * high;
      lows[place] = (lows[place] ?? 0) + by * low;
      checks[place] = (checks[place] ?? 0) + by * check;
    }
    return places;
  };
  /** The only content that is left in a cell; null if it holds none, or several. */
  const single = (place: number): Surplus | null => {
    const count = counts[place] ?? 0;
    if (count === 0) return null;
    const [high, low] = [(highs[place] ?? 0) / count, (lows[place] ?? 0) / count];
    if (!isWord(high) || !isWord(low) || mixed(high, low) * count !== checks[place]) return null;
    return placesOf(high, low).includes(place) ? { high, low, count } : null;
  };

  return {
    add({ high, low }, by) {
      change(high, low, by);
    },
    differences() {
      const found: Surplus[] = [];
      const open = Array.from({ length: cells }, (_, place) => place);
      for (let place = open.pop(); place !== undefined; place = open.pop()) {
        const surplus = single(place);
        if (surplus === null) continue;
        // A cell of several contents that looks like one of a single content may never let the peeling end.
        if (found.push(surplus) > cells) return null;
        open.push(...change(surplus.high, surplus.low, -surplus.count));
      }
      const isEmpty = counts.every((count, place) => count === 0 && highs[place] === 0 && lows[place] === 0);
      return isEmpty ? found : null;
    },
  };
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** Two words into one, by MurmurHash3's finalizer. */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
