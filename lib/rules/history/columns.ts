import { outcomeNames, type TopicStep } from "./record.ts";

/** The figures of one topic, or of all, in equal steps: a ring over the last slots, which are numbered since the epoch. */
export class Columns {
  readonly #slots: number;
  /** Each is made with its first value other than 0, because most topics are idle, or have no dead letters. */
  readonly #values = new Map<ColumnName, Float32Array>();

  constructor(slots: number) {
    this.#slots = slots;
  }

  add(slot: number, step: Omit<TopicStep, "topic">): void {
    for (const name of outcomeNames)
      if (step[name] > 0) this.#column(name)[slot % this.#slots] = this.count(name, slot) + step[name];
    if (step.lag !== 0) this.setLag(slot, sumOf(this.lag(slot), step.lag));
  }

  /** Null: unknown. */
  lag(slot: number): number | null {
    const lag = this.#values.get("lag")?.[slot % this.#slots] ?? 0;
    return Number.isNaN(lag) ? null : lag;
  }

  setLag(slot: number, lag: number | null): void {
    this.#column("lag")[slot % this.#slots] = lag ?? Number.NaN;
  }

  count(name: OutcomeName, slot: number): number {
    return this.#values.get(name)?.[slot % this.#slots] ?? 0;
  }

  clear(slot: number): void {
    for (const values of this.#values.values()) values[slot % this.#slots] = 0;
  }

  #column(name: ColumnName): Float32Array {
    return this.#values.getOrInsertComputed(name, () => new Float32Array(this.#slots));
  }
}

export type OutcomeName = (typeof outcomeNames)[number];
type ColumnName = OutcomeName | "lag";

/** What is unknown of one host does not hide what another knows. */
function sumOf(known: number | null, more: number | null): number | null {
  // A slot begins at 0, which nobody told yet.
  if (more === null) return known === null || known === 0 ? null : known;
  return (known ?? 0) + more;
}
