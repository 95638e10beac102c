import type { SourceRef } from "../../../lib/rules/model/declaration.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import { type Hold, holdOf, type HoldOrder } from "../../../lib/rules/progress/hold.ts";

/** What holds one topic: an order, or its declaration and since when this host has known that. */
export class TopicHold {
  readonly #order: () => HoldOrder | null;
  readonly #now: () => number;
  #declared: { readonly source: SourceRef | undefined; readonly sinceMs: number } | null = null;

  constructor(order: () => HoldOrder | null, now: () => number) {
    this.#order = order;
    this.#now = now;
  }

  describe({ spec, sources }: DesiredTopic): void {
    const sinceMs = this.#declared?.sinceMs ?? this.#now();
    this.#declared = spec.hold ? { source: sources[0], sinceMs } : null;
  }

  /** Null: nothing holds it. */
  get current(): Hold | null {
    return holdOf(this.#order(), this.#declared);
  }
}
