import { fieldName, type JsonField } from "../../../../../lib/rules/search/fields/flat-fields.ts";
import { exploreHref, type ExploreState } from "../query/address.ts";
import { quotedText } from "../../../../../lib/rules/search/grammar/query.ts";

/** Longer values would make unreadable filters. */
const maxFilterLength = 200;
/** In the place of a value, these search for something else. */
const plainValue = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;
const plainName = /^[\p{L}_@](?:[\p{L}\p{N}_@.-]*[\p{L}\p{N}_])?$/u;

/** Whether a search by field finds the value: time and topic have their own pickers, and fields that gave way are not indexed. */
export function isFilter({ path, value, isText }: JsonField, ignored: readonly string[]): boolean {
  const field = fieldName(path);
  if (field === "@timestamp" || field === "kafka.topic" || ignored.includes(field)) return false;
  if (value === "" || value.length > maxFilterLength) return false;
  return isText || /^(?:-?\d|true$|false$)/.test(value);
}

/** The search for a value of a field, or for everything but it. */
export function fieldFilter(path: string, value: string, exclude: boolean): string {
  const field = fieldName(path);
  const name = plainName.test(field) ? field : quotedText(field);
  const isPlain = plainValue.test(value) && !value.includes("..");
  return `${exclude ? "-" : ""}${name}: ${isPlain ? value : quotedText(value)}`;
}

/** The filters with one more, and without its opposite. */
export function withFilter(filters: readonly string[], added: string): string[] {
  const opposite = added.startsWith("-") ? added.slice(1) : `-${added}`;
  return [...filters.filter((filter) => filter !== added && filter !== opposite), added];
}

/** The page's address with one more filter. */
export function filteredHref(state: ExploreState, filter: string): string {
  return exploreHref({ ...state, filters: withFilter(state.filters, filter), doc: null });
}
