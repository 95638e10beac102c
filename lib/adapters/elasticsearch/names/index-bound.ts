import { abortable } from "../../../rules/base/abortable.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { IndexChoice, WantedIndex } from "../../../rules/model/record-index.ts";
import type { Specification } from "../../../rules/model/declaration.ts";
import {
  indexFields,
  indexLimit,
  type TakenNames,
  withoutLimits,
} from "../../../rules/model/index-fields.ts";
import type { NamesWanted } from "./taken-names.ts";

export interface IndexBoundDeps {
  readonly sent: { takeNames(wanted: NamesWanted, signal: AbortSignal): Promise<TakenNames> };
  readonly logger: Pick<Logger, "warn">;
}

/** Days that are remembered. A topic that is read in time needs two or three. */
const MOST_DAYS = 500;

/**
 * Keeps the indices that fields of one topic's records choose within their bound.
 *
 * Elasticsearch holds the list of names that a topic may use (`askTakenNames`). A name is used once it is on that list, and
 * refused once the list is full. As the list only grows, both are for good: a record goes to the same index on every host,
 * now and later, and its id meets it there.
 *
 * State: the lists as last seen, and the names that were wanted and are not decided yet.
 */
export class IndexBound implements IndexChoice {
  readonly #spec: Specification;
  readonly #deps: IndexBoundDeps;
  readonly #lists = new Map<string, { readonly names: ReadonlySet<string>; readonly isFull: boolean }>();
  #open = new Map<string, WantedIndex>();
  #turn: Promise<void> = Promise.resolve();
  /** The last list that was said to be full. */
  #told: string | null = null;

  constructor(spec: Specification, deps: IndexBoundDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  choose(wanted: WantedIndex): string {
    const decided = this.#decided(wanted);
    if (decided === null) this.#open.set(wanted.name, wanted);
    return decided ?? wanted.fallback;
  }

  #decided({ name, fallback, day }: WantedIndex): string | null {
    const list = this.#lists.get(day);
    if (list?.names.has(name) === true) return name;
    return list?.isFull === true && list.names.has(fallback) ? fallback : null;
  }

  /** Whether the topic is known to use the name. */
  isTaken(name: string): boolean {
    return this.#lists.values().some(({ names }) => names.has(name));
  }

  decide(signal: AbortSignal, again: boolean): Promise<void> {
    return this.#inTurn(signal, async () => {
      // What the same records need must not be forgotten by turns.
      if (!again && this.#lists.size > MOST_DAYS) this.#lists.clear();
      await this.#ask(signal, true);
    });
  }

  /** Learns what was decided before, and decides nothing: names without a decision are still open when wanted again. */
  look(signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, () => this.#ask(signal, false));
  }

  /** One after the other: many attempts meet the same new names at once. */
  #inTurn(signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    return abortable(turn, signal);
  }

  async #ask(signal: AbortSignal, takes: boolean): Promise<void> {
    const open = this.#open;
    this.#open = new Map();
    const { topic, index } = this.#spec;
    const bound = { topic, template: withoutLimits(index), limit: indexLimit(index) };
    for (const [day, wanted] of Map.groupBy(open.values(), (one) => one.day)) {
      const undecided = wanted.filter((one) => this.#decided(one) === null);
      const [first] = undecided;
      if (first === undefined) continue;
      const names = takes ? undecided.map(({ name }) => name) : [];
      const taken = await this.#deps.sent.takeNames(
        { ...bound, day, names, fallback: first.fallback },
        signal,
      );
      this.#lists.set(day, { names: new Set(taken.names), isFull: taken.isFull });
      if (undecided.some((one) => this.#decided(one) !== one.name)) this.#tell(first, bound.limit);
      if (takes && undecided.some(({ name, fallback }) => name === fallback)) {
        const message = "records have no usable value for the name of their index: they go to one index";
        const fields = indexFields(index).join();
        this.#deps.logger.warn(message, { topic, fields, index: first.fallback });
      }
    }
  }

  #tell({ day, fallback }: WantedIndex, indices: number): void {
    if (this.#told === day) return;
    this.#told = day;
    this.#deps.logger.warn("a topic has as many indices as its bound allows: other values go to one index", {
      topic: this.#spec.topic,
      indices,
      index: fallback,
    });
  }
}
