import { NOBODY } from "./claims.ts";

/** Partitions that the same members want: any of them may take the place of any other. */
interface Kind {
  readonly wanting: readonly number[];
  /** By member, what it has of this kind; what is to go first stands last. */
  readonly stacks: number[][];
}

interface Topic {
  readonly base: number;
  readonly count: number;
  readonly kind: number;
}

/** A partition that goes from one member to the next, which both want it. */
interface Step {
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
}

/**
 * Who is to have each partition, by its place in one row of all. Members are numbers.
 *
 * To be used in order: topics are added with who keeps what, then what nobody keeps is placed, then all is levelled.
 */
export class Balance {
  readonly #owners: Int32Array;
  readonly #loads: Int32Array;
  readonly #kinds: Kind[] = [];
  readonly #kindOf = new Map<string, number>();
  readonly #topics: Topic[] = [];
  /** Those that are held by nobody, or go elsewhere already: to move them once more costs nothing. */
  readonly #moves: Uint8Array;

  constructor(members: number, partitions: number) {
    this.#owners = new Int32Array(partitions).fill(NOBODY);
    this.#loads = new Int32Array(members);
    this.#moves = new Uint8Array(partitions);
  }

  ownerOf(at: number): number {
    return this.#owners[at] ?? NOBODY;
  }

  /** @param keeps who keeps the partition at that place */
  addTopic(base: number, count: number, wanting: readonly number[], keeps: (at: number) => number): void {
    this.#topics.push({ base, count, kind: this.#kindFor(wanting) });
    for (let at = base; at < base + count; at += 1) {
      const owner = keeps(at);
      this.#owners[at] = owner;
      if (owner === NOBODY) this.#moves[at] = 1;
      else this.#loads[owner] = this.#loadOf(owner) + 1;
    }
  }

  /** To the one with the least load, and of these to the one with the fewest of that topic. */
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
   * Moves one partition at a time from who has most to who has least, until nobody has two more than one that could take it, or take
   * another's place. Where all want all, each move takes from one with too many or gives to one with too few, and to both while there are
   * both: no sequence of moves is shorter.
   *
   * What moves anyway is arranged first, and only then is anything taken from whoever keeps it: the second round of a rebalance has to find
   * what the first one had in mind, with what was given up for it.
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

  /** Null: all is level. */
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

  /** The shortest way to the one with the least load of those that have two fewer at least. */
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

  /** Of what the one has and the other wants; rather what moves anyway. Null: there is nothing. */
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

  /** A member gives up first what it has of a topic beyond its fair share of it, so that one with many partitions is spread as well. */
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
