import { nearestName } from "../../base/nearest-name.ts";
import {
  allOf,
  anyOf,
  type FieldTest,
  fieldTests,
  type Part,
  type Query,
  QueryError,
  quotedText,
} from "./query.ts";

/** How indices map a field. */
export interface FieldMapping {
  /** Elasticsearch's types, without `unmapped`. */
  readonly types: readonly string[];
  /** In how many of the indices it is mapped; null if unknown, because they are too many to list. */
  readonly mappedIn: number | null;
}

/** What indices say about fields. */
export interface FieldCaps {
  /** The number of indices. */
  readonly indices: number;
  readonly fields: ReadonlyMap<string, FieldMapping>;
}

/** How types are searched. */
export type Kind = "text" | "keyword" | "number" | "date" | "ip" | "boolean" | "flattened" | "other";

const kinds: Readonly<Record<Exclude<Kind, "other">, string>> = {
  text: "text match_only_text",
  keyword: "keyword constant_keyword wildcard",
  number: "long integer short byte double float half_float scaled_float unsigned_long",
  date: "date date_nanos",
  ip: "ip",
  boolean: "boolean",
  flattened: "flattened",
};
const kindByType: ReadonlyMap<string, Kind> = new Map(
  (["text", "keyword", "number", "date", "ip", "boolean", "flattened"] as const).flatMap((kind) =>
    kinds[kind].split(" ").map((type) => [type, kind] as const),
  ),
);

/** The subfield with the words of a field, in Penstock's template. */
const words = "@words";

/** A field of a query, as the indices map it. */
export interface MappedField {
  readonly name: string;
  /** Without duplicates, empty if there are no indices. */
  readonly kinds: readonly Kind[];
  readonly types: readonly string[];
  /** Whether it is one key of a field of type `flattened`. */
  readonly isKey: boolean;
  /** The field with its words, in Penstock's template; null if no index has it. */
  readonly words: { readonly name: string; readonly isEverywhere: boolean } | null;
}

/** The fields to ask the indices about, for these names. */
export function askedFields(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => [name, `${name}.${words}`, ...parentsOf(name)]))];
}

function parentsOf(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(0, -1).map((_, count) => parts.slice(0, count + 1).join("."));
}

/** @returns null if no index has such a field */
export function mappedField(name: string, { fields }: FieldCaps): MappedField | null {
  const own = fields.get(name);
  if (own !== undefined) {
    const ofWords = fields.get(`${name}.${words}`);
    return {
      name,
      kinds: [...new Set(own.types.map((type) => kindByType.get(type) ?? "other"))],
      types: own.types,
      isKey: false,
      words:
        ofWords === undefined
          ? null
          : {
              name: `${name}.${words}`,
              isEverywhere: own.mappedIn !== null && ofWords.mappedIn === own.mappedIn,
            },
    };
  }
  const isKey = parentsOf(name).some((parent) => fields.get(parent)?.types.includes("flattened") === true);
  return isKey ? { name, kinds: ["flattened"], types: ["flattened"], isKey, words: null } : null;
}

/**
 * Replaces tests of fields that no index has by plain text, where they may be that.
 * @returns the query, and a test of another unknown field, if there is one
 */
export function withKnownFields(
  query: Query,
  caps: FieldCaps,
): { readonly query: Query; readonly unknown: FieldTest | null } {
  const isUnknown = ({ field }: FieldTest): boolean => caps.indices > 0 && mappedField(field, caps) === null;
  const unknown = fieldTests(query).find((test) => !test.mayBeText && isUnknown(test)) ?? null;
  return { query: asText(query, isUnknown), unknown };
}

function asText(query: Query, isUnknown: (test: FieldTest) => boolean): Query {
  if (query.kind === "text") return query;
  if (query.kind === "not") return { kind: "not", of: asText(query.of, isUnknown) };
  if (query.kind === "field") {
    const { whole, mayBeText } = query;
    return mayBeText && whole !== null && isUnknown(query)
      ? { kind: "text", text: whole.text, form: "whole" }
      : query;
  }
  const of = query.of.map((each) => asText(each, isUnknown));
  return (query.kind === "all" ? allOf(of) : anyOf(of)) ?? query;
}

/**
 * The error for a field that no index has.
 * @param known all fields of the indices, or those that end in its name; null if unknown
 */
export function unknownField(test: FieldTest, known: FieldCaps | null): QueryError {
  const { field, whole } = test;
  const nearest = known === null ? null : nearestName(field, searchable(known));
  const meant = [
    ...new Set([...(known === null ? [] : endingIn(field, known)), ...(nearest === null ? [] : [nearest])]),
  ];
  const hint = meant.length === 0 ? "." : `; did you mean ${meant.join(" or ")}?`;
  return new QueryError(
    partOf(test),
    `is no field: no index has a field ${field}${hint} In quotes it is looked for as text`,
    [
      ...meant.map((other) => renamed(test, other)),
      ...(whole === null ? [] : [quotedText(whole.text.replace(/^"([^"]*)":/, "$1:"))]),
    ],
  );
}

/** A part of a search, and what it may have meant: the same about a field that ends in the name of its own. */
export interface MeantPart {
  readonly part: Part;
  /** As whole replacements of the part. */
  readonly instead: readonly string[];
}

/** @returns null if no field ends in the name: `kafka.topic` does in `topic` */
export function meantPart(test: FieldTest, caps: FieldCaps): MeantPart | null {
  const instead = endingIn(test.field, caps).map((other) => renamed(test, other));
  return instead.length === 0 ? null : { part: partOf(test), instead };
}

/** More would be a list to read, and no answer. */
const mostMeant = 3;

/** The shortest first; case does not matter. */
function endingIn(name: string, caps: FieldCaps): string[] {
  const end = `.${name.toLowerCase()}`;
  return searchable(caps)
    .filter((each) => each.toLowerCase().endsWith(end))
    .toSorted((a, b) => a.length - b.length)
    .slice(0, mostMeant);
}

/** Without objects, Elasticsearch's own fields and the words of others. */
function searchable({ fields }: FieldCaps): string[] {
  return [...fields].flatMap(([name, { types }]) =>
    !name.endsWith(words) && types.some((type) => kindByType.has(type)) ? name : [],
  );
}

function partOf({ name, whole }: FieldTest): Part {
  return whole ?? name;
}

function renamed(test: FieldTest, field: string): string {
  const isPlain = /^[\p{L}_@](?:[\p{L}\p{N}_@.-]*[\p{L}\p{N}_])?$/u.test(field);
  return (isPlain ? field : quotedText(field)) + partOf(test).text.slice(test.name.text.length);
}
