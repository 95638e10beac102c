import type { LetterGroup } from "../dead-letters/letter-state.ts";
import type { Mapping } from "../json/object.ts";
import { recordsAlias } from "../template/index-template.ts";
import { keptSettings } from "../trial/scratch-index.ts";
import { mappingAt, placeOf, withMappingAt } from "./field-place.ts";
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
import type { MendingCase, Plan, RefusingTarget } from "./proposal.ts";

/** A field's type cannot be changed: that takes another index. */
export function elsewherePlans(one: MendingCase): readonly Plan[] {
  const { group, target, beside } = one;
  const place = group.field === null ? null : placeOf(target.mappings, group.field);
  if (place === null || place.includes("fields")) return [];
  const mapping = mappingAt(target.mappings, place);
  const wider = widened(mapping, one.reasons);
  if (wider === null) return [];
  const mappings = withMappingAt(target.mappings, place, wider);
  const words = `${group.field} as ${wider["enabled"] === false ? "anything, without indexing it" : typeOf(wider)}`;
  const mixed = `Searches over both indices find ${group.field} as ${typeOf(mapping)} in one and as another type in the other.`;
  return [
    ...(target.mayRollOver ? [rollOver(one, { mappings, words, mixed })] : []),
    ...(beside.free === null ? [] : [newIndex(one, beside.free, { mappings, words, mixed })]),
  ];
}

interface Wider {
  readonly mappings: Mapping;
  /** How the field is then mapped. */
  readonly words: string;
  /** What two types of one field cost. */
  readonly mixed: string;
}

function rollOver(one: MendingCase, { mappings, words, mixed }: Wider): Plan {
  const { index } = one.group;
  const next = "The index after it has the old type again unless its template says the same.";
  return {
    proposal: {
      ...nothing,
      id: "roll-over",
      title: "Roll over to an index with another type",
      change: `${index} gets a new index behind it, which maps ${words}. New records go there too.`,
      costs: [mixed, next, ...costsOfOthers(one)],
      request: { method: "POST", path: `/${encodeURIComponent(index)}/_rollover`, body: { mappings } },
      index: backInto(one),
    },
    effect: { mappings },
  };
}

function newIndex(one: MendingCase, name: string, { mappings, words, mixed }: Wider): Plan {
  const settings = keptSettings(one.target.settings);
  // A template covers the name only once it is replayed to, and an index takes its aliases when it is created.
  const aliases = one.managed ? { aliases: { [recordsAlias]: {} } } : {};
  const later = "New records of the topic still go where it is declared to, and may be refused again.";
  return {
    proposal: {
      ...nothing,
      id: "new-index",
      title: "Replay into a new index with another type",
      change: `A new index ${name} maps ${words}, and all else as ${one.group.index} does.`,
      costs: [mixed, later, ...costsOfSearch(one, name, true)],
      request: {
        method: "PUT",
        path: `/${encodeURIComponent(name)}`,
        body: { ...aliases, settings, mappings },
      },
      index: name,
    },
    effect: { mappings, allSettings: settings },
  };
}

const integers: ReadonlySet<string> = new Set(["byte", "short", "integer"]);

/** A mapping that takes what this one refuses; null if it refuses nothing by its type. */
function widened(mapping: Mapping, reasons: readonly string[]): Mapping | null {
  const type = typeOf(mapping);
  if (mapping["enabled"] === false) return null;
  const isObject = type === "object" || type === "nested";
  const meetsObject = reasons.some((reason) => /START_OBJECT|START_ARRAY|value: '\{/.test(reason));
  if (isObject || meetsObject) return unindexed;
  if (integers.has(type) && reasons.every((reason) => reason.includes("out of range")))
    return { ...mapping, type: "long" };
  return lenient.test(type) ? { ...keyword, ...sharedParts(mapping) } : null;
}

/** What a field of any type may have, such as the multi-field with its words. */
function sharedParts({ fields, copy_to: copies }: Mapping): Mapping {
  return { ...(fields !== undefined && { fields }), ...(copies !== undefined && { copy_to: copies }) };
}

const MAX_BESIDE = 9;

/**
 * Names for indices beside the one that refuses letters, the first choice first. Names with a suffix are found by patterns
 * such as `orders*`; those for a stream must not match the stream's template.
 */
export function besideNames({ index }: LetterGroup, kind: RefusingTarget["kind"]): readonly string[] {
  const name = index.replaceAll(/\{[^{}]*\}/g, "").replace(/[-_.]+$/, "");
  const first = kind === "data stream" ? `mended-${name}` : `${name}-mended`;
  return [first, ...Array.from({ length: MAX_BESIDE - 1 }, (_, n) => `${first}-${n + 2}`)];
}
