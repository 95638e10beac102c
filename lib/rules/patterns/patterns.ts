import { maskedWords, wildcard } from "./mask.ts";

/** Lines of one statement. */
export interface Pattern {
  /** Its words; {@link wildcard} where the lines differ. */
  readonly words: readonly string[];
  readonly count: number;
  /** The first of these lines. */
  readonly sample: string;
}

/** Groups lines by the statements that wrote them. */
export interface Patterns {
  add(line: string): void;
  /** The most frequent first. */
  list(): readonly Pattern[];
  /** Lines that belong to no pattern, because there would be too many. */
  readonly others: number;
}

interface Cluster {
  words: string[];
  count: number;
  readonly sample: string;
}

/** The words that lead to a leaf; further ones are compared there. */
const PREFIX_WORDS = 2;
const MAX_WORDS = 80;
/** Ways that lead on from one word; rarer words take the same way. */
const MAX_WAYS = 100;
const MAX_IN_LEAF = 50;
const MAX_PATTERNS = 2_000;
/** The share of equal words from which lines are of one statement. */
const SIMILAR = 0.5;

/**
 * Drain (He, Zhu, Zheng, Lyu: An Online Log Parsing Approach with Fixed Depth Tree, 2017): lines of as many words that begin
 * alike meet in one leaf, and join the pattern there that is most like them. Memory and time per line are bounded.
 */
export function createPatterns(): Patterns {
  const leaves = new Map<string, Cluster[]>();
  const ways = new Map<string, number>();
  const all: Cluster[] = [];
  let others = 0;

  /** A leaf's name: the number of words, and the first ones, unless they differ from line to line. */
  const leafOf = (words: readonly string[]): string => {
    let name = String(words.length);
    for (const word of words.slice(0, PREFIX_WORDS)) {
      const step = `${name} ${word.includes(wildcard) ? wildcard : word}`;
      const taken = ways.get(name) ?? 0;
      if (!ways.has(step)) {
        if (taken >= MAX_WAYS) {
          name = `${name} ${wildcard}`;
          continue;
        }
        ways.set(name, taken + 1);
        ways.set(step, 0);
      }
      name = step;
    }
    return name;
  };

  return {
    get others() {
      return others;
    },
    add(line) {
      const words = maskedWords(line, MAX_WORDS);
      const name = leafOf(words);
      const leaf = leaves.get(name) ?? [];
      const found = mostAlike(leaf, words);
      if (found !== null) {
        merge(found, words);
      } else if (leaf.length < MAX_IN_LEAF && all.length < MAX_PATTERNS) {
        const cluster = { words, count: 1, sample: line };
        all.push(cluster);
        leaf.push(cluster);
        leaves.set(name, leaf);
      } else {
        others += 1;
      }
    },
    list: () => all.toSorted((a, b) => b.count - a.count),
  };
}

/** @returns null if none is similar enough */
function mostAlike(leaf: readonly Cluster[], words: readonly string[]): Cluster | null {
  let best: Cluster | null = null;
  let bestEqual = -1;
  for (const cluster of leaf) {
    let equal = 0;
    for (let at = 0; at < words.length; at += 1) if (cluster.words[at] === words[at]) equal += 1;
    if (equal > bestEqual) [best, bestEqual] = [cluster, equal];
  }
  return bestEqual >= words.length * SIMILAR ? best : null;
}

function merge(cluster: Cluster, words: readonly string[]): void {
  cluster.count += 1;
  for (let at = 0; at < words.length; at += 1)
    if (cluster.words[at] !== words[at]) cluster.words[at] = wildcard;
}
