import type { Mapping } from "../json/object.ts";
import { matchesGlob } from "../model/names.ts";
import { recordsAlias } from "../template/index-template.ts";
import type { MendingCase, Proposal } from "./proposal.ts";

export const nothing: Omit<Proposal, "id" | "title" | "change"> = {
  costs: [],
  request: null,
  index: null,
  declare: false,
};

/** Where letters are replayed to that belong into the index of their group: a replay finds it only if it is declared. */
export function backInto({ group, isDeclaredFor }: MendingCase): string | null {
  return isDeclaredFor ? null : group.index;
}

/** What a change of the index means for those who write to it too. */
export function costsOfOthers({ others }: MendingCase): readonly string[] {
  if (others.length === 0) return [];
  return [`Other topics write here too, and their records are not tried: ${others.join(", ")}.`];
}

/** Where Explore finds letters that go into another index. @param isOurs whether it will be in the alias of all records */
export function costsOfSearch(
  { searched, managed }: MendingCase,
  index: string,
  isOurs: boolean,
): readonly string[] {
  if (searched !== null && matchesGlob(searched, index)) return [];
  if (!managed) return ["Explore does not look there unless a topic is declared for it."];
  const inAlias = isOurs
    ? []
    : [`Explore finds these letters only if ${index} has the alias ${recordsAlias}.`];
  if (searched === null) return inAlias;
  return [
    ...inAlias,
    "Explore finds these letters only among all topics, not if this topic alone is chosen.",
  ];
}

/** These types can leave out a value that does not fit. */
export const lenient =
  /^(?:byte|short|integer|long|unsigned_long|half_float|float|double|scaled_float|date|date_nanos|ip|boolean|geo_point|geo_shape)$/;
/** So many characters of a keyword never exceed Lucene's limit of 32,766 bytes. */
export const keyword = { type: "keyword", ignore_above: 8_191 } as const;
/** Takes any value; nothing of it is indexed. */
export const unindexed = { type: "object", enabled: false } as const;

/** Objects name no type. */
export function typeOf({ type }: Mapping): string {
  return typeof type === "string" ? type : "object";
}
