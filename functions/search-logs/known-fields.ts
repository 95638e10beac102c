import { PenstockError } from "../../lib/rules/base/errors.ts";
import {
  askedFields,
  type FieldCaps,
  type MappedField,
  mappedField,
  type MeantPart,
  meantPart,
  unknownField,
  withKnownFields,
} from "../../lib/rules/search/grammar/mapping.ts";
import { fieldTests, type Query } from "../../lib/rules/search/grammar/query.ts";
import { rangeNote } from "../../lib/rules/search/query/field-clauses.ts";

/** Asks how indices map fields. @returns null if the answer is too long @throws PenstockError */
export type AskFieldCaps = (
  indices: readonly string[],
  fields: readonly string[],
) => Promise<FieldCaps | null>;

export interface KnownFields {
  /** Without tests of fields that turned out to be plain text. */
  readonly query: Query | null;
  /** How the indices map a field of the query; null if they have none. */
  readonly fieldOf: (name: string) => MappedField | null;
  /** What to know of the results, in sentences. */
  readonly notes: readonly string[];
}

/** Why it is unknown how indices map fields. */
export const tooManyIndices =
  "Elasticsearch's answer about fields is too long, because these are too many indices: name a topic, or fewer";

/**
 * Looks up the fields that a query names.
 * @throws QueryError if no index has a field, and it is not plain text; PenstockError as `ask`, and `elasticsearch_refused`
 *   if the indices are too many: a field that passes for unknown would match nothing, without a word
 */
export async function knownFields(
  query: Query | null,
  indices: readonly string[],
  ask: AskFieldCaps,
): Promise<KnownFields> {
  const tests = fieldTests(query);
  const names = [...new Set(tests.map(({ field }) => field))];
  if (query === null || names.length === 0 || indices.length === 0)
    return { query, fieldOf: () => null, notes: [] };
  const caps = await ask(indices, askedFields(names));
  if (caps === null) throw new PenstockError("elasticsearch_refused", tooManyIndices);
  const known = withKnownFields(query, caps);
  if (known.unknown !== null) {
    const ending = [`*.${known.unknown.field}`];
    // All of them, for slips of the pen; of many indices, that answer may be too long.
    throw unknownField(known.unknown, (await ask(indices, ["*"])) ?? (await ask(indices, ending)));
  }
  const fieldOf = (name: string): MappedField | null => mappedField(name, caps);
  const notes = tests.flatMap((test) => {
    const field = fieldOf(test.field);
    return (field === null ? null : rangeNote(test, field)) ?? [];
  });
  return { query: known.query, fieldOf, notes: [...new Set(notes)] };
}

/**
 * Looks for what a search that found nothing may have meant: an index may have the field that it names, as some records have
 * a `topic` of their own, beside the one that was meant.
 * @throws PenstockError as `ask`
 */
export async function meantParts(
  query: Query | null,
  indices: readonly string[],
  ask: AskFieldCaps,
): Promise<readonly MeantPart[]> {
  const tests = fieldTests(query);
  if (tests.length === 0 || indices.length === 0) return [];
  const caps = await ask(indices, [...new Set(tests.map(({ field }) => `*.${field}`))]);
  const meant = caps === null ? [] : tests.flatMap((test) => meantPart(test, caps) ?? []);
  // Several tests share a part: topic:(a or b).
  return [...new Map(meant.map((one) => [`${one.part.at} ${one.part.text}`, one])).values()];
}
