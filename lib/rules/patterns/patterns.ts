import { isValue, maskedWords, wildcard } from "./mask.ts";
import { joinedStatements, type Shape, statementsOf } from "./statements.ts";

/** Lines of one statement. */
export interface Pattern {
  /** Its words; {@link wildcard} where the lines differ. */
  readonly words: readonly string[];
  readonly count: number;
  /** The beginning of one of these lines. */
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

/** Lines that are alike, maybe of several statements. */
interface Cluster {
  /** {@link wildcard} where the lines differ. */
  readonly words: string[];
  /** Before they are told apart. */
  shapes: Shape[];
}

/** The words that lead to a leaf; further ones are compared there. */
const PREFIX_WORDS = 2;
/** Ways that lead on from one word; rarer words take the same way. */
const MAX_WAYS = 100;
const MAX_IN_LEAF = 50;
const MAX_CLUSTERS = 2_000;
const MAX_SHAPES = 10_000;
const MAX_SAMPLE = 1_000;
/** The share of words that may differ in lines that are alike. */
const DIFFERENT = 0.4;

/**
 * Drain (He, Zhu, Zheng, Lyu: An Online Log Parsing Approach with Fixed Depth Tree, 2017): lines of as many words that begin
 * alike meet in one leaf, and join the cluster there that is most like them. In Drain, each word that differs is a value.
 * Here, a cluster keeps its shapes, so that {@link statementsOf} can look at all values of a word first. Memory and time per
 * line are bounded.
 */
export function createPatterns(): Patterns {
  const leaves = new Map<string, Cluster[]>();
  const ways = new Map<string, number>();
  const clusters: Cluster[] = [];
  const shapes = new Map<string, Shape>();
  let isFull = false;
  let others = 0;

  /** A leaf's name: the number of words, and the first ones, unless they differ from line to line. */
  const leafOf = (words: readonly string[]): string => {
    let name = String(words.length);
    for (const word of words.slice(0, PREFIX_WORDS)) {
      const step = `${name} ${isValue(word) ? wildcard : word}`;
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

  /** @returns null if there would be too many */
  const clusterOf = (words: readonly string[]): Cluster | null => {
    const name = leafOf(words);
    const leaf = leaves.get(name) ?? [];
    const found = mostAlike(leaf, words);
    if (found !== null) return found;
    if (leaf.length >= MAX_IN_LEAF || clusters.length >= MAX_CLUSTERS) return null;
    const cluster: Cluster = { words: [...words], shapes: [] };
    clusters.push(cluster);
    leaf.push(cluster);
    leaves.set(name, leaf);
    return cluster;
  };

  /** Makes room by what is known of the statements so far. */
  const condense = (): void => {
    shapes.clear();
    for (const cluster of clusters) {
      cluster.shapes = statementsOf(cluster.shapes);
      for (const shape of cluster.shapes) shapes.set(shape.words.join(" "), shape);
    }
    isFull = shapes.size > MAX_SHAPES / 2;
  };

  return {
    get others() {
      return others;
    },
    add(line) {
      const words = maskedWords(line);
      const text = words.join(" ");
      const known = shapes.get(text);
      if (known !== undefined) {
        known.count += 1;
        return;
      }
      if (shapes.size >= MAX_SHAPES) condense();
      const cluster = isFull ? null : clusterOf(words);
      if (cluster === null) {
        others += 1;
        return;
      }
      const shape = { words, count: 1, sample: line.slice(0, MAX_SAMPLE) };
      shapes.set(text, shape);
      join(cluster, shape);
    },
    list: () => {
      const statements = clusters.flatMap((cluster) => statementsOf(cluster.shapes));
      // Leaves keep lines apart by their first words, whatever these are.
      return joinedStatements(statements, PREFIX_WORDS).toSorted((a, b) => b.count - a.count);
    },
  };
}

/** @returns null if none is similar enough */
function mostAlike(leaf: readonly Cluster[], words: readonly string[]): Cluster | null {
  let best: Cluster | null = null;
  let bound = Math.floor(words.length * DIFFERENT) + 1;
  for (const cluster of leaf) {
    let different = 0;
    for (let at = 0; at < words.length && different < bound; at += 1)
      if (cluster.words[at] !== words[at]) different += 1;
    if (different < bound) [best, bound] = [cluster, different];
  }
  return best;
}

function join(cluster: Cluster, shape: Shape): void {
  cluster.shapes.push(shape);
  for (let at = 0; at < shape.words.length; at += 1)
    if (cluster.words[at] !== shape.words[at]) cluster.words[at] = wildcard;
}
