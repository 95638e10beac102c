import { z } from "zod";
import { check } from "../yaml/faults.ts";
import { nameOf } from "../config/cross-checks.ts";
import { isObject, type Mapping } from "../json/object.ts";
import { mapping, nonEmptyText, oneOf, wholeNumber } from "../config/scalars.ts";
import type { DeclarationTarget } from "../model/declaration.ts";
import { entryRefusals, refusalsOf, withoutNulls, type FieldRefusal } from "./etcd-value.ts";
import type { DeclarationsEdit } from "./edit.ts";
import { keyForNew, placeOf } from "./etcd-keys.ts";

/** One change to one etcd key, as a caller asks for it; its entry is checked as hosts check it. */
export interface DeclarationsRequest {
  readonly key: string;
  /** The key's mod revision that the editor started from, 0: absent; null: whatever stands there. */
  readonly revision: number | null;
  readonly edit: DeclarationsEdit;
}

export type DeclarationsRequestReading =
  | { readonly kind: "request"; readonly request: DeclarationsRequest }
  /** `malformed`: it does not say what is wanted. `refused`: hosts would not read or not take it. */
  | { readonly kind: "malformed" | "refused"; readonly faults: readonly FieldRefusal[] };

export interface RequestRules {
  /** `etcd.keys` of the settings in force. */
  readonly listed: readonly string[];
  readonly deadLetterTopic: string;
}

const target = mapping({ topic: nonEmptyText.nullish(), pattern: nonEmptyText.nullish() });
const schema = mapping({
  action: oneOf(["add", "replace", "remove"]),
  key: nonEmptyText.nullish(),
  revision: wholeNumber(0, Number.MAX_SAFE_INTEGER).nullish(),
  // As it came: what an object schema copies loses a field "__proto__", which is to be refused like any unknown one.
  declaration: z.custom<Mapping>(isObject, "is not a mapping").nullish(),
  target: target.nullish(),
});

type Wanted = z.infer<typeof schema>;

/** Which fields an action needs, and which say something it cannot do. */
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
 * A revision goes with every key that is named, so that nobody overwrites what they have not seen; only what is added
 * where new declarations go may do without.
 */
export function readDeclarationsRequest(body: unknown, rules: RequestRules): DeclarationsRequestReading {
  const checked = check(schema, body);
  if (!checked.ok) return { kind: "malformed", faults: refusalsOf(checked.faults, body) };
  const wanted = checked.value;
  const shape = shapeFaults(wanted);
  if (shape.length > 0) return { kind: "malformed", faults: shape };

  const entry = withoutNulls(wanted.declaration ?? {});
  const refusals = wanted.action === "remove" ? [] : entryRefusals(entry, rules.deadLetterTopic);
  if (refusals.length > 0) {
    const faults = refusals.map(({ field, reason }) => ({ field: within("declaration", field), reason }));
    return { kind: "refused", faults };
  }
  const edit = editOf(wanted, entry);
  const key = wanted.key ?? keyForNew(rules.listed, edit.target);
  const revision = wanted.revision ?? null;
  const keyFault = keyRefusal(key, rules.listed);
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
    ...barred.filter(isGiven).map((field) => ({ field, reason: `${field} does not go with ${action}` })),
  ];
  if (action === "add" && isGiven("key") && !isGiven("revision")) {
    const reason = `revision is required beside key ${JSON.stringify(key)} (0 where the key is absent)`;
    faults.push({ field: "revision", reason });
  }
  if (target && Object.keys(withoutNulls(target)).length !== 1) {
    faults.push({ field: "target", reason: "target needs either a topic or a pattern" });
  }
  return faults;
}

function keyRefusal(key: string, listed: readonly string[]): string | null {
  if (key.endsWith("/")) return `key ${JSON.stringify(key)} is a prefix: it must be a whole key`;
  if (placeOf(key, listed) >= 0) return null;
  return `key ${JSON.stringify(key)} is not among etcd.keys (${listed.join(", ")}): no host would read it`;
}

function editOf({ action, target }: Wanted, entry: Readonly<Record<string, unknown>>): DeclarationsEdit {
  const old = targetOf(target);
  if (action === "remove") return { kind: "remove", target: old };
  const named = targetOf(entry);
  if (action === "add") return { kind: "add", target: named, entry };
  return { kind: "replace", target: old, entry, named };
}

/** Of what was found to name one of the two. */
function targetOf(naming: unknown): DeclarationTarget {
  const { kind, name } = nameOf(naming) ?? { kind: "topic", name: "" };
  return kind === "topic" ? { kind, topic: name } : { kind, pattern: name };
}

function within(outer: string, field: string): string {
  return field === "" || field.startsWith("[") ? `${outer}${field}` : `${outer}.${field}`;
}
