import { type Mapping, mappingOf } from "../json/object.ts";
import { elsewherePlans } from "./elsewhere.ts";
import { type FieldPlace, mappingAt, placeFor, placeOf, updateOf, withMappingAt } from "./field-place.ts";
import { limitPlans } from "./limits.ts";
import {
  backInto,
  costsOfOthers,
  costsOfSearch,
  keyword,
  lenient,
  nothing,
  typeOf,
  unindexed,
} from "./parts.ts";
import type { MendingCase, Plan, Proposal } from "./proposal.ts";

/**
 * Changes that may make an index take the letters, the smallest first. Whether each one does is for a trial to find out:
 * a reason names one field, and the document may have more that do not fit.
 */
export function proposalsFor(one: MendingCase): readonly Plan[] {
  const { target } = one;
  const inPlace = target.index === null ? [] : inPlacePlans(one, target.index);
  return [asItIs(one), ...intoPlans(one), ...inPlace, ...flattenPlans(one), ...elsewherePlans(one)];
}

function asItIs(one: MendingCase): Plan {
  const proposal = {
    ...nothing,
    id: "as-it-is",
    title: "Replay as it is now",
    change: "Nothing. It helps if somebody has mended the index meanwhile.",
    index: backInto(one),
  };
  return { proposal, effect: {} };
}

/** Another index that somebody asked for, and those that an earlier change made for such letters. */
function intoPlans(one: MendingCase): readonly Plan[] {
  const { into, beside } = one;
  const mended = beside.taken.filter((name) => name !== into);
  return [
    ...(into === null ? [] : [intoPlan(one, into, "into")]),
    ...mended.map((name) => intoPlan(one, name, `into-${name}`)),
  ];
}

function intoPlan(one: MendingCase, index: string, id: string): Plan {
  const proposal = {
    ...nothing,
    id,
    title: `Replay into ${index}`,
    change: `The letters go into ${index}, as it is. New records of the topic still go where it is declared to.`,
    costs: costsOfSearch(one, index, false),
    index,
  };
  return { proposal, effect: {} };
}

function inPlacePlans(one: MendingCase, index: string): readonly Plan[] {
  return [...malformedPlans(one, index), ...limitPlans(one, index), ...strictPlans(one, index)];
}

/** Lets the field leave out values, or a keyword leave out long ones. */
function malformedPlans(one: MendingCase, index: string): readonly Plan[] {
  const { group, reasons, target } = one;
  const place = group.field === null ? null : placeOf(target.mappings, group.field);
  if (place === null) return [];
  const mapping = mappingAt(target.mappings, place);
  const type = typeOf(mapping);
  if (reasons.some((reason) => reason.includes("immense term")))
    return type === "keyword"
      ? [mappingPlan(one, index, place, { ...mapping, ...keyword }, longValues(group.field))]
      : [];
  if (!lenient.test(type) || mapping["ignore_malformed"] === true) return [];
  const fields = mappingOf(mapping["fields"]);
  const name = ["text", "raw", "string"].find((free) => !Object.hasOwn(fields, free)) ?? null;
  const forgiving = { ...mapping, ignore_malformed: true };
  const about = { field: group.field, type };
  const alone = mappingPlan(one, index, place, forgiving, leavingOut(about));
  // A multi-field cannot have fields of its own.
  if (name === null || place.includes("fields")) return [alone];
  const both = { ...forgiving, fields: { ...fields, [name]: keyword } };
  return [mappingPlan(one, index, place, both, keepingText(about, name)), alone];
}

interface Words extends Pick<Proposal, "id" | "title" | "change" | "costs"> {}

function keepingText({ field, type }: { field: string | null; type: string }, name: string): Words {
  return {
    id: "malformed-as-text",
    title: "Leave out what is malformed, and find it as text",
    change: `${field} stays ${type}, and values that are none are found as ${field}.${name}.`,
    costs: [`${field} itself does not find these values, and they are in no range or sum.`],
  };
}

function leavingOut({ field, type }: { field: string | null; type: string }): Words {
  return {
    id: "ignore-malformed",
    title: "Leave out what is malformed",
    change: `${field} stays ${type}. Values that are none stay in the document and are not indexed.`,
    costs: [
      `These values cannot be searched by ${field}; Penstock lists such fields as those that gave way.`,
    ],
  };
}

function longValues(field: string | null): Words {
  return {
    id: "ignore-above",
    title: "Leave out long values",
    change: `${field} takes values of at most ${keyword.ignore_above} characters; longer ones stay in the document and are not indexed.`,
    costs: [`Longer values cannot be searched by ${field}.`],
  };
}

/** Adds the field that a strict mapping does not have. */
function strictPlans(one: MendingCase, index: string): readonly Plan[] {
  const { group, target } = one;
  const { field, error } = group;
  if (error !== "strict_dynamic_mapping_exception" || field === null) return [];
  const place = placeFor(target.mappings, field);
  return [
    mappingPlan(one, index, place, keyword, {
      id: "add-field",
      title: "Add the field",
      change: `The mapping gains ${field} as a keyword.`,
      costs: ["Whoever made the mapping strict did not expect this field."],
    }),
    mappingPlan(one, index, place, unindexed, {
      id: "add-unindexed",
      title: "Add the field without indexing it",
      change: `The mapping gains ${field}, whatever its values are. They stay in the document and are not indexed.`,
      costs: [`${field} cannot be searched.`],
    }),
  ];
}

function mappingPlan(
  one: MendingCase,
  index: string,
  place: FieldPlace,
  mapping: Mapping,
  { costs, ...words }: Words,
): Plan {
  const { target, hasSuccessors } = one;
  const later = hasSuccessors ? ["The next index refuses them again unless its template says the same."] : [];
  return {
    proposal: {
      ...nothing,
      ...words,
      costs: [...costs, ...later, ...costsOfOthers(one)],
      index: backInto(one),
      request: {
        method: "PUT",
        path: `/${encodeURIComponent(index)}/_mapping`,
        body: updateOf(target.mappings, place, mapping),
      },
    },
    effect: { mappings: withMappingAt(target.mappings, place, mapping) },
  };
}

function flattenPlans({ spec, isDeclaredFor }: MendingCase): readonly Plan[] {
  if (spec.format !== "json" || spec.rejected === "flatten" || !isDeclaredFor) return [];
  const proposal = {
    ...nothing,
    id: "flatten",
    title: "Declare rejected: flatten",
    change:
      "The topic's declaration lets refused records be indexed with their fields in one, kafka.value. New ones are no longer dead letters.",
    costs: [
      "Such records are found by their words and by kafka.value.<field>, not by the fields themselves.",
    ],
    declare: true,
  };
  return [{ proposal, effect: { spec: { rejected: "flatten" } } }];
}
