import { cut } from "../yaml/problem.ts";
import { visibleText } from "../base/visible-text.ts";

/** Limited because producers choose the names, and each one adds a line to `/metrics` and to the log. */
const MAX_FIELDS = 20;
const MAX_NAME_LENGTH = 100;

/** What refusals that name no field count as. */
export const noField = "none";

/** Counts per field. Fields beyond the limit count as `other`, unknown ones as `none`. */
export class FieldCounts {
  readonly #counts = new Map<string, number>();

  /** @returns the counts added by this call, by name */
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
    if (field === null) return noField;
    const name = cut(visibleText(field), MAX_NAME_LENGTH);
    return this.#counts.has(name) || this.#counts.size < MAX_FIELDS ? name : "other";
  }
}
