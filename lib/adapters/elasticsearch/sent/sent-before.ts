import { abortable } from "../../../rules/base/abortable.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { documentId } from "../../../rules/documents/document-id.ts";
import type { Specification } from "../../../rules/model/declaration.ts";
import type { SourceRecord } from "../../../rules/model/record.ts";
import { indexFields } from "../../../rules/model/index-fields.ts";
import { type CommitNote, placesIn } from "../../../rules/offsets/checkpoint.ts";
import type { SentRecords, Span, Target } from "./sent-records.ts";
import { IndexBound } from "../names/index-bound.ts";
import { isRefused, placesOf, type Settled, type Settling } from "./settling.ts";

export interface SentBeforeDeps {
  readonly sent: Pick<SentRecords, "existing" | "takeNames">;
  readonly settling: Settling;
  readonly logger: Logger;
}

/** In bulk requests. */
const LONGEST_PAUSE = 1_000;

/** Where records may have gone before, other than where they go now. */
interface Former {
  /** The last rewind of the position; null: none. */
  readonly order: string | null;
  readonly places: Set<string>;
}

/**
 * What one topic has sent before.
 *
 * State: what its target leads to, as last seen. The places that commits name, and the indices that an alias wrote to since
 * it was first asked about: one that was taken out of the alias may still hold what is sent again. Partitions share them,
 * because one's commits may tell later than another's that an alias has moved. One that was rewound has its own.
 */
export class SentBefore {
  readonly spec: Specification;
  /** Null: no field is part of the index's name. */
  readonly indices: IndexBound | null;
  readonly #deps: SentBeforeDeps;
  #target: Target | null = null;
  readonly #shared: Former = { order: null, places: new Set() };
  /** Of rewound partitions. */
  readonly #former = new Map<number, Former>();
  #isAsking = false;
  /** Writes after which the name is asked for again, and how many are left of them. */
  #pause = 0;
  #left = 0;
  #toldRefusal = false;

  constructor(spec: Specification, deps: SentBeforeDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.indices = indexFields(spec.index).length === 0 ? null : new IndexBound(spec, deps);
  }

  /** Whether what is sent again may go to another index than the first time. False only if that is known. */
  get mayMove(): boolean {
    return this.#target?.kind !== "fixed";
  }

  /** Where records go now, for commits: the name that is written to, and the index behind an alias. Null: unknown. */
  get place(): string | null {
    if (this.#target === null) return null;
    const { index } = this.spec;
    const writesTo = this.#target.kind === "moving" ? this.#target.writesTo : index;
    // An alias leads to later indices too; the index behind it may be taken out.
    return writesTo === index ? index : `${index},${writesTo}`;
  }

  /**
   * A partition is read on where its commit says: adds other places where its records may have gone before. Those from
   * before a rewind are forgotten: what is read again belongs where records go now, whatever another place has of it.
   */
  addFormer(partition: number, { place, marks }: Pick<CommitNote, "place" | "marks">): void {
    const order = marks?.order ?? null;
    if (order === null) this.#former.delete(partition);
    else if (this.#former.get(partition)?.order !== order)
      this.#former.set(partition, { order, places: new Set() });
    const { places } = this.#formerOf(partition);
    for (const one of placesIn(place)) if (one !== this.spec.index) places.add(one);
  }

  #formerOf(partition: number): Former {
    return this.#former.get(partition) ?? this.#shared;
  }

  /**
   * Waits until nothing sent before can still arrive, and sees where records go now.
   * @throws PenstockError `elasticsearch_unavailable`
   */
  settle(spans: readonly Span[], isDue: () => boolean): Promise<Settled> {
    const partitions = new Set(spans.map(({ partition }) => partition));
    return this.#settle(partitions, spans, isDue);
  }

  /** @param spans null if only ids will be looked up */
  async #settle(
    partitions: ReadonlySet<number>,
    spans: readonly Span[] | null,
    isDue: () => boolean,
  ): Promise<Settled> {
    const { topic, index, dataStream } = this.spec;
    const asked = [...partitions].map((partition) => this.#formerOf(partition));
    // Not those of a later rewind: the answer may be older.
    const known = [this.#shared, ...this.#former.values()];
    const settled = await this.#deps.settling.settle({
      topic,
      index,
      isStream: dataStream !== null,
      formerly: new Set(asked.flatMap(({ places }) => Array.from(places))),
      spans,
      isDue,
    });
    const { target } = settled;
    this.#target = target;
    if (target.kind === "moving" && target.writesTo !== index)
      for (const { places } of known) places.add(target.writesTo);
    return settled;
  }

  /**
   * Finds those of the records that are in Elasticsearch already.
   * @param isSettled whether that was waited for since they were sent
   * @returns their positions
   * @throws PenstockError `elasticsearch_unavailable`, or the signal's reason
   */
  async find(
    records: readonly SourceRecord[],
    isSettled: boolean,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>> {
    const { topic, index } = this.spec;
    const partitions = new Set(records.map(({ partition }) => partition));
    // An index that is known to be concrete has every id only once.
    if (!isSettled && this.mayMove)
      await abortable(
        this.#settle(partitions, null, () => !signal.aborted),
        signal,
      );
    const target: Target = this.#target ?? { kind: "absent" };
    const placesFor = (partition: number): string =>
      placesOf({ index, formerly: this.#formerOf(partition).places, target }).join(",");
    const placesBy = new Map([...partitions].map((partition) => [partition, placesFor(partition)]));
    const found = new Set<number>();
    // Partitions differ: one may have been rewound, another may still be where an earlier declaration sent it.
    const groups = Map.groupBy(records.entries(), ([, { partition }]) => placesBy.get(partition) ?? "");
    for (const [places, some] of groups) {
      if (places === "") continue;
      const ids = some.map(([, record]) => documentId(topic, record));
      const existing = await this.#existing(placesIn(places), ids, signal);
      for (const [at, [position]] of some.entries()) if (existing.has(ids[at] ?? "")) found.add(position);
    }
    return found;
  }

  async #existing(
    places: readonly string[],
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    try {
      return await this.#deps.sent.existing(places, ids, signal);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (!this.#toldRefusal)
        this.#deps.logger.warn(
          "Elasticsearch refuses to say which records it holds: behind an alias or a data stream, a crash may now double records",
          { topic: this.spec.topic, error: messageOf(error) },
        );
      this.#toldRefusal = true;
      return new Set();
    }
  }

  /**
   * Documents were written: if nothing had the target's name before, something has it now. Unless a pipeline sent them all
   * elsewhere: so the name is asked for less and less often.
   */
  wrote(): void {
    if (this.#target?.kind !== "absent" || this.#isAsking) return;
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    this.#isAsking = true;
    this.settle([], () => true).then(
      () => {
        this.#isAsking = false;
        this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause + 1);
        this.#left = this.#pause;
      },
      // After a failure, the next write asks again.
      () => void (this.#isAsking = false),
    );
  }
}
