import { NOBODY } from "./claims.ts";

/** Partitions wanted by the same members, and therefore interchangeable. */
interface Kind {
  readonly wanting: readonly number[];
  /** Each member's partitions of this kind. The last one moves first. */
  readonly stacks: number[][];
}

interface Topic {
  readonly base: number;
  readonly count: number;
  readonly kind: number;
}

/** The move of one partition between two members that both want it. */
interface Step {
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
}

/**
 * Decides who will own each partition. Partitions of all topics are numbered consecutively; members are numbers.
 *
 * Use in this order: `addTopic` with the partitions that stay, `placeFree` for the others, then `level`.
 */
export class Balance {
  readonly #owners: Int32Array;
  readonly #loads: Int32Array;
  readonly #kinds: Kind[] = [];
  readonly #kindOf = new Map<string, number>();
  readonly #topics: Topic[] = [];
  /** Partitions that nobody holds or that move anyway, so that another move costs nothing. */
  readonly #moves: Uint8Array;

  constructor(members: number, partitions: number) {
    this.#owners = new Int32Array(partitions).fill(NOBODY);
    this.#loads = new Int32Array(members);
    this.#moves = new Uint8Array(partitions);
  }

  ownerOf(at: number): number {
    return this.#owners[at] ?? NOBODY;
  }

  /** @param keeps the member that keeps a partition, or `NOBODY` */
  addTopic(base: number, count: number, wanting: readonly number[], keeps: (at: number) => number): void {
    this.#topics.push({ base, count, kind: this.#kindFor(wanting) });
    for (let at = base; at < base + count; at += 1) {
      const owner = keeps(at);
      this.#owners[at] = owner;
      if (owner === NOBODY) this.#moves[at] = 1;
      else this.#loads[owner] = this.#loadOf(owner) + 1;
    }
  }

  /** Gives free partitions to the member with the least load and, among equals, with the fewest of that topic. */
  placeFree(): void {
    const ofTopic = new Int32Array(this.#loads.length);
    for (const { base, count, kind } of this.#topics) {
      const wanting = this.#kinds[kind]?.wanting ?? [];
      let isCounted = false;
      for (let at = base; at < base + count; at += 1) {
        if (this.ownerOf(at) !== NOBODY) continue;
        if (!isCounted) this.#count(base, count, ofTopic);
        isCounted = true;
        const rank = (member: number): number => this.#loadOf(member) * 1e6 + (ofTopic[member] ?? 0);
        const least = wanting.reduce((best, member) => (rank(member) < rank(best) ? member : best));
        this.#owners[at] = least;
        this.#loads[least] = this.#loadOf(least) + 1;
        ofTopic[least] = (ofTopic[least] ?? 0) + 1;
      }
    }
  }

  /**
   * Moves one partition at a time from the most to the least loaded member, directly or along a chain, until no member
   * has two more than another that could take one. If all members want all topics, no sequence of moves is shorter:
   * each move takes from an overloaded member or gives to an underloaded one, and does both while there are both.
   *
   * Partitions that move anyway are rearranged before any is taken from its holder: the second round of a rebalance
   * must reach the same result as the first, with the partitions given up for it.
   */
  level(): void {
    const [most, least] = [Math.max(...this.#loads), Math.min(...this.#loads)];
    if (this.#loads.length < 2 || most - least < 2) return;
    this.#fillStacks();
    this.#levelBy((at) => this.#moves[at] === 1);
    this.#levelBy(() => true);
  }

  #levelBy(mayMove: (at: number) => boolean): void {
    for (;;) {
      const path = this.#findPath(mayMove);
      if (path === null) return;
      for (const { from, to, kind } of path) {
        const at = kind.stacks[from]?.pop();
        if (at === undefined) continue;
        this.#owners[at] = to;
        this.#moves[at] = 1;
        kind.stacks[to]?.push(at);
        this.#loads[from] = this.#loadOf(from) - 1;
        this.#loads[to] = this.#loadOf(to) + 1;
      }
    }
  }

  /** @returns null if all is level */
  #findPath(mayMove: (at: number) => boolean): readonly Step[] | null {
    const byLoad = [...this.#loads.keys()].sort((a, b) => this.#loadOf(b) - this.#loadOf(a) || a - b);
    const [most, least] = [byLoad[0] ?? NOBODY, byLoad.at(-1) ?? NOBODY];
    if (this.#loadOf(most) - this.#loadOf(least) < 2) return null;
    const direct = this.#kindBetween(most, least, mayMove);
    if (direct !== null) return [{ from: most, to: least, kind: direct }];
    for (const from of byLoad) {
      const path = this.#pathFrom(from, mayMove);
      if (path !== null) return path;
    }
    return null;
  }

  /** The shortest path to the least loaded member that has at least two fewer. */
  #pathFrom(start: number, mayMove: (at: number) => boolean): readonly Step[] | null {
    const cameBy = new Map<number, Step | null>([[start, null]]);
    for (const from of cameBy.keys()) {
      for (const to of this.#loads.keys()) {
        const kind = cameBy.has(to) ? null : this.#kindBetween(from, to, mayMove);
        if (kind !== null) cameBy.set(to, { from, to, kind });
      }
    }
    const target = [...cameBy.keys()].reduce((best, member) =>
      this.#loadOf(member) < this.#loadOf(best) ? member : best,
    );
    if (this.#loadOf(start) - this.#loadOf(target) < 2) return null;
    const path: Step[] = [];
    for (let step = cameBy.get(target) ?? null; step !== null; step = cameBy.get(step.from) ?? null)
      path.unshift(step);
    return path;
  }

  /** A kind that one member has and the other wants, preferably with a partition that moves anyway; null if none. */
  #kindBetween(from: number, to: number, mayMove: (at: number) => boolean): Kind | null {
    let found: Kind | null = null;
    for (const kind of this.#kinds) {
      const at = kind.stacks[from]?.at(-1);
      if (at === undefined || !mayMove(at) || !kind.wanting.includes(to)) continue;
      if (this.#moves[at] === 1) return kind;
      found ??= kind;
    }
    return found;
  }

  /** A member first gives up what exceeds its fair share of a topic, which also spreads topics with many partitions. */
  #fillStacks(): void {
    const entries: { readonly at: number; readonly kind: number; readonly beyond: number }[] = [];
    const ofTopic = new Int32Array(this.#loads.length);
    for (const { base, count, kind } of this.#topics) {
      const fair = count / (this.#kinds[kind]?.wanting.length ?? 1);
      ofTopic.fill(0);
      for (let at = base; at < base + count; at += 1) {
        const owner = this.ownerOf(at);
        const beyond = (ofTopic[owner] ?? 0) + 1 - fair + (this.#moves[at] === 1 ? 1e9 : 0);
        entries.push({ at, kind, beyond });
        ofTopic[owner] = (ofTopic[owner] ?? 0) + 1;
      }
    }
    entries.sort((a, b) => a.beyond - b.beyond || a.at - b.at);
    for (const { at, kind } of entries) this.#kinds[kind]?.stacks[this.ownerOf(at)]?.push(at);
  }

  #count(base: number, count: number, ofTopic: Int32Array): void {
    ofTopic.fill(0);
    for (let at = base; at < base + count; at += 1) {
      const owner = this.ownerOf(at);
      if (owner !== NOBODY) ofTopic[owner] = (ofTopic[owner] ?? 0) + 1;
    }
  }

  #kindFor(wanting: readonly number[]): number {
    const key = wanting.join(",");
    const known = this.#kindOf.get(key);
    if (known !== undefined) return known;
    const kind = this.#kinds.push({ wanting, stacks: Array.from(this.#loads, () => []) }) - 1;
    this.#kindOf.set(key, kind);
    return kind;
  }

  #loadOf(member: number): number {
    return this.#loads[member] ?? 0;
  }
}
