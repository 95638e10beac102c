import { type Mapping, mappingOf } from "../json/object.ts";
import { keptSettings } from "../trial/scratch-index.ts";
import { type FieldPlace, mappingAt, placeFor, placeOf, updateOf, withMappingAt } from "./field-place.ts";
import { limitPlans } from "./limits.ts";
import type { MendingCase, Plan, Proposal } from "./proposal.ts";

/** These types can leave out a value that does not fit. */
const lenient =
  /^(?:byte|short|integer|long|unsigned_long|half_float|float|double|scaled_float|date|date_nanos|ip|boolean|geo_point|geo_shape)$/;
/** So many characters of a keyword never exceed Lucene's limit of 32,766 bytes. */
const keyword = { type: "keyword", ignore_above: 8_191 } as const;
/** Takes any value; nothing of it is indexed. */
const unindexed = { type: "object", enabled: false } as const;

/**
 * Changes that may make an index take the letters, the smallest first. Whether each one does is for a trial to find out:
 * a reason names one field, and the document may have more that do not fit.
 */
export function proposalsFor(one: MendingCase): readonly Plan[] {
  const { target } = one;
  const inPlace = target.index === null ? [] : inPlacePlans(one, target.index);
  return [asItIs(one), ...intoPlans(one), ...inPlace, ...flattenPlans(one), ...elsewherePlans(one)];
}

const nothing: Omit<Proposal, "id" | "title" | "change"> = {
  costs: [],
  request: null,
  index: null,
  declare: false,
};

function asItIs({ group, isDeclaredFor }: MendingCase): Plan {
  const proposal = {
    ...nothing,
    id: "as-it-is",
    title: "Replay as it is now",
    change: "Nothing. It helps if somebody has mended the index meanwhile.",
    index: isDeclaredFor ? null : group.index,
  };
  return { proposal, effect: {} };
}

function intoPlans({ into }: MendingCase): readonly Plan[] {
  if (into === null) return [];
  const change = `The letters go into ${into}, as it is. New records of the topic still go where it is declared to.`;
  return [
    { proposal: { ...nothing, id: "into", title: `Replay into ${into}`, change, index: into }, effect: {} },
  ];
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
  { target, hasSuccessors }: MendingCase,
  index: string,
  place: FieldPlace,
  mapping: Mapping,
  { costs, ...words }: Words,
): Plan {
  const later = hasSuccessors ? ["The next index refuses them again unless its template says the same."] : [];
  return {
    proposal: {
      ...nothing,
      ...words,
      costs: [...costs, ...later],
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

/** A field's type cannot be changed: that takes another index. */
function elsewherePlans(one: MendingCase): readonly Plan[] {
  const { group, target } = one;
  const place = group.field === null ? null : placeOf(target.mappings, group.field);
  if (place === null || place.includes("fields")) return [];
  const mapping = mappingAt(target.mappings, place);
  const wider = widened(mapping, one.reasons);
  if (wider === null) return [];
  const mappings = withMappingAt(target.mappings, place, wider);
  const words = `${group.field} as ${wider["enabled"] === false ? "anything, without indexing it" : typeOf(wider)}`;
  const was = typeOf(mapping);
  const mixed = `Searches over both indices find ${group.field} as ${was} in one and as another type in the other.`;
  const plans: Plan[] = [];
  if (target.mayRollOver) {
    plans.push({
      proposal: {
        ...nothing,
        id: "roll-over",
        title: "Roll over to an index with another type",
        change: `${group.index} gets a new index behind it, which maps ${words}. New records go there too.`,
        costs: [mixed, "The index after it has the old type again unless its template says the same."],
        request: {
          method: "POST",
          path: `/${encodeURIComponent(group.index)}/_rollover`,
          body: { mappings },
        },
      },
      effect: { mappings },
    });
  }
  const name = besideName(one);
  plans.push({
    proposal: {
      ...nothing,
      id: "new-index",
      title: "Replay into a new index with another type",
      change: `A new index ${name} maps ${words}, and all else as ${group.index} does.`,
      costs: [mixed, "New records of the topic still go where it is declared to, and may be refused again."],
      request: {
        method: "PUT",
        path: `/${encodeURIComponent(name)}`,
        body: { settings: keptSettings(target.settings), mappings },
      },
      index: name,
    },
    effect: { mappings },
  });
  return plans;
}

/** Objects name no type. */
function typeOf({ type }: Mapping): string {
  return typeof type === "string" ? type : "object";
}

const integers: Readonly<Record<string, string>> = { byte: "long", short: "long", integer: "long" };

/** A mapping that takes what this one refuses; null if it refuses nothing by its type. */
function widened(mapping: Mapping, reasons: readonly string[]): Mapping | null {
  const type = typeOf(mapping);
  if (mapping["enabled"] === false) return null;
  const isObject = type === "object" || type === "nested";
  const meetsObject = reasons.some((reason) => /START_OBJECT|START_ARRAY|value: '\{/.test(reason));
  if (isObject || meetsObject) return unindexed;
  const wide = integers[type];
  if (wide !== undefined && reasons.every((reason) => reason.includes("out of range"))) return { type: wide };
  return lenient.test(type) ? keyword : null;
}

/** Names with a suffix are found by patterns such as `orders*`; one for a stream must not match the stream's template. */
function besideName({ group: { index }, target }: MendingCase): string {
  const name = index.replaceAll(/\{[^{}]*\}/g, "").replace(/[-_.]+$/, "");
  return target.kind === "data stream" ? `mended-${name}` : `${name}-mended`;
}
