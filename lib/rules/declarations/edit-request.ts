import { z } from "zod";
import { quoted } from "../base/visible-text.ts";
import { check } from "../yaml/faults.ts";
import { nameOf } from "../config/cross-checks.ts";
import { isObject, type Mapping } from "../json/object.ts";
import { mapping, nonEmptyText, oneOf, wholeNumber } from "../config/scalars.ts";
import type { DeclarationTarget } from "../model/declaration.ts";
import { entryRefusals, refusalsOf, withoutNulls, type FieldRefusal } from "./etcd-value.ts";
import type { DeclarationsEdit } from "./edit.ts";
import { keyForNew, meansPrefix, placeOf } from "./etcd-keys.ts";

/** A requested change to one etcd key. Its entry has passed the same checks as on hosts. */
export interface DeclarationsRequest {
  readonly key: string;
  /** The key's mod revision that the editor saw, 0 if absent; null to edit any revision. */
  readonly revision: number | null;
  readonly edit: DeclarationsEdit;
}

export type DeclarationsRequestReading =
  | { readonly kind: "request"; readonly request: DeclarationsRequest }
  /** `malformed` if the request is incomplete or contradictory; `refused` if hosts would not read or accept the change. */
  | { readonly kind: "malformed" | "refused"; readonly faults: readonly FieldRefusal[] };

export interface RequestRules {
  /** The current `etcd.keys`. */
  readonly listed: readonly string[];
  readonly deadLetterTopic: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

const target = mapping({ topic: nonEmptyText.nullish(), pattern: nonEmptyText.nullish() });
/** Not an object schema: its copy would lose a field "__proto__", which must be refused like any unknown one. */
export const entryMapping = z
  .unknown()
  .transform((value, context): Mapping | null => {
    if (value === null || isObject(value)) return value;
    context.issues.push({ code: "custom", input: value, message: "is not a mapping" });
    return z.NEVER;
  })
  .optional();
/** The body of POST /declarations. */
export const editRequestSchema = mapping({
  action: oneOf(["add", "replace", "remove"]),
  key: nonEmptyText.nullish().meta({ description: "Null with add for the default key of new topics." }),
  revision: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .nullish()
    .meta({ description: "The revision of the key that the editor started from." }),
  declaration: entryMapping.meta({
    description: "For add and replace: the new entry.",
    type: ["object", "null"],
  }),
  target: target.nullish().meta({ description: "For replace and remove: the entry to change." }),
});

type Wanted = z.infer<typeof editRequestSchema>;

/** The fields that an action needs, and those it does not allow. */
const fieldsOf: Readonly<
  Record<
    Wanted["action"],
    { readonly needed: readonly (keyof Wanted)[]; readonly barred: readonly (keyof Wanted)[] }
  >
> = {
  add: { needed: ["declaration"], barred: ["target"] },
  replace: { needed: ["key", "revision", "declaration", "target"], barred: [] },
  remove: { needed: ["key", "revision", "target"], barred: ["declaration"] },
};

/**
 * Reads the body of POST /declarations.
 *
 * A request that names a key needs a revision, so that nobody overwrites a value they have not seen. Only an addition to
 * the default place works without.
 */
export function readDeclarationsRequest(body: unknown, rules: RequestRules): DeclarationsRequestReading {
  const checked = check(editRequestSchema, body);
  if (!checked.ok) return { kind: "malformed", faults: refusalsOf(checked.faults, body) };
  const wanted = checked.value;
  const shape = shapeFaults(wanted);
  if (shape.length > 0) return { kind: "malformed", faults: shape };

  const entry = withoutNulls(wanted.declaration ?? {});
  const refusals = wanted.action === "remove" ? [] : entryRefusals(entry, rules.deadLetterTopic, rules.nowMs);
  if (refusals.length > 0) {
    const faults = refusals.map(({ field, reason }) => ({ field: within("declaration", field), reason }));
    return { kind: "refused", faults };
  }
  const edit = editOf(wanted, entry);
  const key = wanted.key ?? keyForNew(rules.listed, edit.target);
  const revision = wanted.revision ?? null;
  // A new pattern's default key may look like a prefix, and is then changed and removed by that name.
  const isNew = wanted.action === "add" && (wanted.key ?? null) !== null;
  const keyFault = keyRefusal(key, rules.listed, isNew);
  if (keyFault !== null) return { kind: "refused", faults: [{ field: "key", reason: keyFault }] };
  return { kind: "request", request: { key, revision, edit } };
}

function shapeFaults(wanted: Wanted): FieldRefusal[] {
  const { action, key, target } = wanted;
  const { needed, barred } = fieldsOf[action];
  const isGiven = (field: keyof Wanted): boolean => (wanted[field] ?? null) !== null;
  const faults = [
    ...needed
      .filter((field) => !isGiven(field))
      .map((field) => ({ field, reason: `${field} is required to ${action}` })),
    ...barred.filter(isGiven).map((field) => ({ field, reason: `${field} is not allowed with ${action}` })),
  ];
  if (action === "add" && isGiven("key") && !isGiven("revision")) {
    const reason = `revision is required together with key ${quoted(key ?? "")} (0 if the key is absent)`;
    faults.push({ field: "revision", reason });
  }
  if (target && Object.keys(withoutNulls(target)).length !== 1) {
    faults.push({ field: "target", reason: "target needs either a topic or a pattern" });
  }
  return faults;
}

function keyRefusal(key: string, listed: readonly string[], isNew: boolean): string | null {
  if (key.endsWith("/") || (isNew && meansPrefix(key, listed)))
    return `key ${quoted(key)} is a prefix: give a full key`;
  if (placeOf(key, listed) >= 0) return null;
  return `key ${quoted(key)} is not covered by etcd.keys (${listed.join(", ")}): no host would read it`;
}

function editOf({ action, target }: Wanted, entry: Readonly<Record<string, unknown>>): DeclarationsEdit {
  const old = targetOf(target);
  if (action === "remove") return { kind: "remove", target: old };
  const named = targetOf(entry);
  if (action === "add") return { kind: "add", target: named, entry };
  return { kind: "replace", target: old, entry, named };
}

/** @param naming names a topic or a pattern, as checked before */
function targetOf(naming: unknown): DeclarationTarget {
  const { kind, name } = nameOf(naming) ?? { kind: "topic", name: "" };
  return kind === "topic" ? { kind, topic: name } : { kind, pattern: name };
}

function within(outer: string, field: string): string {
  return field === "" || field.startsWith("[") ? `${outer}${field}` : `${outer}.${field}`;
}
