import { cut } from "./problem.ts";
import { visibleText } from "../base/visible-text.ts";

/** Names are the producers' choice, and each is a line of `/metrics` and of the log. */
const MAX_FIELDS = 20;
const MAX_NAME_LENGTH = 100;

/** Counts by field, of the first fields that come; those beyond are `other`, and `none` is where no field is known. */
export class FieldCounts {
  readonly #counts = new Map<string, number>();

  /** @returns what was added, by the names under which it is counted */
  add(fields: Iterable<string | null>): ReadonlyMap<string, number> {
    const added = new Map<string, number>();
    for (const field of fields) {
      const name = this.#nameOf(field);
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      added.set(name, (added.get(name) ?? 0) + 1);
    }
    return added;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  #nameOf(field: string | null): string {
    if (field === null) return "none";
    const name = cut(visibleText(field), MAX_NAME_LENGTH);
    return this.#counts.has(name) || this.#counts.size < MAX_FIELDS ? name : "other";
  }
}
