import type { PartitionsOf } from "../../../../rules/group/protocol/subscription.ts";
import { Tenure } from "../member/tenure.ts";

/** The tenures this member holds, and which of them are being given up. */
export class OwnedPartitions {
  readonly #byTopic = new Map<string, Map<number, Tenure>>();
  readonly #leaving = new Set<Tenure>();

  get tenures(): ReadonlyMap<string, ReadonlyMap<number, Tenure>> {
    return this.#byTopic;
  }

  get isEmpty(): boolean {
    return this.#byTopic.size === 0;
  }

  *all(): Generator<Tenure> {
    for (const partitions of this.#byTopic.values()) yield* partitions.values();
  }

  holds(topic: string): boolean {
    return this.#byTopic.has(topic);
  }

  /** @returns the new tenures. A partition that is being given up is still given up, and requested again afterwards. */
  take(assigned: PartitionsOf): Tenure[] {
    const taken: Tenure[] = [];
    for (const [topic, partitions] of assigned) {
      const own = this.#byTopic.get(topic) ?? new Map<number, Tenure>();
      for (const partition of partitions) {
        if (own.has(partition)) continue;
        const tenure = new Tenure(topic, partition);
        own.set(partition, tenure);
        taken.push(tenure);
      }
      if (own.size > 0) this.#byTopic.set(topic, own);
    }
    return taken;
  }

  /** @returns the tenures that are being given up from now on */
  startLeaving(isKept: (tenure: Tenure) => boolean): Tenure[] {
    const leaving = [...this.all()].filter((tenure) => !this.#leaving.has(tenure) && !isKept(tenure));
    for (const tenure of leaving) this.#leaving.add(tenure);
    return leaving;
  }

  end(tenure: Tenure): void {
    tenure.end();
    this.#leaving.delete(tenure);
    const own = this.#byTopic.get(tenure.topic);
    if (own?.get(tenure.partition) !== tenure) return;
    own.delete(tenure.partition);
    if (own.size === 0) this.#byTopic.delete(tenure.topic);
  }

  /** @returns the ended tenures */
  endAll(): Tenure[] {
    const all = [...this.all()];
    for (const tenure of all) this.end(tenure);
    return all;
  }

  /** Returns what to report to the leader. */
  claims(): { readonly held: PartitionsOf; readonly leaving: PartitionsOf } {
    const [held, leaving] = [new Map<string, number[]>(), new Map<string, number[]>()];
    for (const tenure of this.all()) {
      const map = this.#leaving.has(tenure) ? leaving : held;
      map.getOrInsertComputed(tenure.topic, () => []).push(tenure.partition);
    }
    return { held, leaving };
  }
}
