/** How a name that hosts write to relates to concrete indices. */
export type TargetKind =
  /** It is itself a concrete index, made by its first document. */
  | "index"
  /** A data stream: several backing indices, the last one written to; made by its first document. */
  | "stream"
  /** An alias with a write index, there from the beginning. */
  | "alias";

/** What the simulated Elasticsearch holds. An id is unique in one concrete index only. */
export interface StoredDocuments {
  /** Says what a name will be, before its first document. */
  declare(name: string, kind: "stream" | "alias"): void;
  kindOf(name: string): TargetKind;
  /** The concrete index that a document for this name goes to now; made if need be. */
  writeIndexOf(name: string): string;
  /** The concrete indices behind a name, in the order of their creation; none if there is none yet. */
  indicesOf(name: string): readonly string[];
  /** The name whose concrete index this is. */
  ownerOf(index: string): string;
  /** @returns false if the id is there already; null if the index was deleted */
  add(index: string, id: string): boolean | null;
  /** All ids behind a name. */
  ids(name: string): ReadonlySet<string>;
  /** Ids that a search finds: those written before the last refresh. */
  searchable(name: string): ReadonlySet<string>;
  refresh(name: string): void;
  /** From now on documents for the name go to another concrete index. @returns that one; null if there is none yet */
  rollOver(name: string): string | null;
  /** The same, and the indices before are behind the alias no more. */
  moveAlias(name: string): string | null;
  /** Deletes the concrete indices behind the name. @returns them */
  lose(name: string): readonly string[];
  /** Deletes those that are written to no more. @returns them */
  loseFormer(name: string): readonly string[];
}

interface ConcreteIndex {
  readonly owner: string;
  readonly ids: Set<string>;
  readonly searchable: Set<string>;
}

export function createStoredDocuments(): StoredDocuments {
  const kinds = new Map<string, "stream" | "alias">();
  const behind = new Map<string, string[]>();
  const indices = new Map<string, ConcreteIndex>();
  /** By name, counts on after all are lost: a new index never gets a former one's name. */
  const generations = new Map<string, number>();

  const open = (owner: string, index: string): string => {
    if (!indices.has(index)) indices.set(index, { owner, ids: new Set(), searchable: new Set() });
    return index;
  };
  const openNext = (name: string): string => {
    const generation = (generations.get(name) ?? 0) + 1;
    generations.set(name, generation);
    const index = open(
      name,
      `${kinds.get(name) === "stream" ? ".ds-" : ""}${name}-${String(generation).padStart(6, "0")}`,
    );
    behind.set(name, [...(behind.get(name) ?? []), index]);
    return index;
  };
  const indicesOf = (name: string): readonly string[] =>
    kinds.has(name) ? (behind.get(name) ?? []) : indices.has(name) ? [name] : [];
  const union = (name: string, of: (index: ConcreteIndex) => ReadonlySet<string>): ReadonlySet<string> =>
    indicesOf(name).reduce<ReadonlySet<string>>((all, index) => all.union(of(concrete(index))), new Set());
  const concrete = (index: string): ConcreteIndex => {
    const found = indices.get(index);
    if (found === undefined) throw new Error(`no index ${index}`);
    return found;
  };
  const remove = (name: string, some: readonly string[]): readonly string[] => {
    for (const index of some) indices.delete(index);
    const left = behind.get(name)?.filter((index) => !some.includes(index));
    if (left !== undefined) behind.set(name, left);
    return some;
  };

  return {
    declare(name, kind) {
      kinds.set(name, kind);
      if (kind === "alias") openNext(name);
    },
    kindOf: (name) => kinds.get(name) ?? "index",
    writeIndexOf: (name) =>
      kinds.has(name) ? (behind.get(name)?.at(-1) ?? openNext(name)) : open(name, name),
    indicesOf,
    ownerOf: (index) => indices.get(index)?.owner ?? index,
    add(index, id) {
      const found = indices.get(index);
      if (found === undefined) return null;
      if (found.ids.has(id)) return false;
      found.ids.add(id);
      return true;
    },
    ids: (name) => union(name, ({ ids }) => ids),
    searchable: (name) => union(name, ({ searchable }) => searchable),
    refresh(name) {
      for (const index of indicesOf(name)) {
        const { ids, searchable } = concrete(index);
        for (const id of ids) searchable.add(id);
      }
    },
    rollOver: (name) => (indicesOf(name).length === 0 || !kinds.has(name) ? null : openNext(name)),
    moveAlias(name) {
      if (kinds.get(name) !== "alias") return null;
      behind.set(name, []);
      return openNext(name);
    },
    lose: (name) => remove(name, [...indicesOf(name)]),
    loseFormer: (name) => remove(name, indicesOf(name).slice(0, -1)),
  };
}
