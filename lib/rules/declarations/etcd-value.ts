import { toDeclaration } from "../config/to-declaration.ts";
import { entryFaults, nameOf } from "../config/cross-checks.ts";
import { check } from "../yaml/faults.ts";
import { isObject, mappingOf, type Mapping } from "../json/object.ts";
import { cut, formatPath, showValue, type Fault } from "../yaml/problem.ts";
import { entrySchema } from "../config/schema.ts";
import type { Declaration, Refusal } from "../model/declaration.ts";
import { futureFault } from "../offsets/start-point.ts";
import { createIsSlip, type IsSlip, ownEntry } from "./foreign-fields.ts";
import { isNestedTooDeeply, depthRule } from "../json/json-depth.ts";
import { identityOf } from "./patience.ts";

export interface EtcdSource {
  /** The key. */
  readonly name: string;
  /** Its mod revision. */
  readonly revision: number;
}

export interface ParsedDeclarations {
  /** In the array's order. */
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
}

/** etcd's default limit of a request (`--max-request-bytes`). */
const maxValueBytes = 1.5 * 1024 * 1024;
const maxEntries = 10_000;

/**
 * Parses the value of an etcd key, a JSON array of declarations. Never throws: an invalid value or entry is refused, and its
 * last valid version stays active (last good).
 *
 * An entry is recognized by the topic or pattern it names or, if that is unreadable, by its position. The first valid entry
 * with a name wins.
 *
 * @param previous the last declarations of this key only
 */
export function parseEtcdValue(
  value: string,
  source: EtcdSource,
  previous: readonly Declaration[],
  deadLetterTopic: string,
): ParsedDeclarations {
  const lastGood = previous.filter(
    ({ target }) => target.kind === "pattern" || target.topic !== deadLetterTopic,
  );
  const array = parseArray(value);
  if (!array.ok) {
    const reason = `etcd key ${showValue(source.name)}: ${array.rule}`;
    const refusal = {
      source: { kind: "etcd" as const, ...source },
      name: null,
      reason,
      lastGoodKept: lastGood.length > 0,
    };
    return { declarations: lastGood, refused: [refusal] };
  }

  const isSlip = createIsSlip();
  const entries = array.entries.map((raw, position) =>
    readEntry(withoutNulls(raw), position, source, deadLetterTopic, isSlip),
  );
  const firstOf = new Map<string, number>();
  for (const { declaration, position } of entries) {
    const name = declaration === null ? null : identityOf(declaration);
    if (name !== null && !firstOf.has(name)) firstOf.set(name, position);
  }

  // Indexed, because searching the list for each of ten thousand invalid entries would take seconds.
  const goodNames = new Map(
    lastGood.toReversed().map((declaration) => [identityOf(declaration), declaration]),
  );
  const goodEntries = new Map(
    lastGood.toReversed().map((declaration) => [declaration.source.entry, declaration]),
  );

  const refused: Refusal[] = [];
  const declarations = entries.flatMap(({ declaration, raw, position, faults }): Declaration[] => {
    const first = declaration === null ? position : firstOf.get(identityOf(declaration));
    if (declaration !== null && first === position) return [declaration];

    const named = nameOf(raw);
    const kept = declaration === null ? lastGoodOf(named, position) : null;
    const place = `etcd key ${showValue(source.name)}, entry ${position + 1}`;
    const rules =
      declaration === null
        ? refusalsOf(faults, raw).map(({ reason }) => reason)
        : [
            `${named?.kind ?? "topic"} ${showValue(named?.name)} is already declared by entry ${(first ?? 0) + 1}`,
          ];
    refused.push({
      source: { kind: "etcd", ...source, entry: position },
      name: named === null ? null : cut(named.name),
      reason: `${place}: ${joined(rules)}`,
      lastGoodKept: kept !== null,
    });
    return kept === null ? [] : [kept];
  });
  return { declarations, refused };

  /** The last valid version of an invalid entry, unless another entry has that name. */
  function lastGoodOf(named: ReturnType<typeof nameOf>, position: number): Declaration | null {
    const found = named === null ? goodEntries.get(position) : goodNames.get(`${named.kind} ${named.name}`);
    if (found === undefined || firstOf.has(identityOf(found))) return null;
    firstOf.set(identityOf(found), position);
    // Keeps the older revision, with the current position.
    return { ...found, source: { ...found.source, entry: position } };
  }
}

/** For one entry, because they appear in the log and in responses. */
const maxRulesListed = 10;

function joined(rules: readonly string[]): string {
  const listed = rules.slice(0, maxRulesListed).join("; ");
  return rules.length > maxRulesListed ? `${listed}; and ${rules.length - maxRulesListed} more` : listed;
}

/** A broken rule and the field that breaks it. */
export interface FieldRefusal {
  /** Such as `topic` or `target.pattern`; empty for the whole. */
  readonly field: string;
  /** The field, its value and the rule. */
  readonly reason: string;
}

/**
 * Why an entry must not be written; empty if hosts accept it.
 * @param nowMs milliseconds since the epoch: hosts would wait for a `startAt` in the future
 */
export function entryRefusals(
  entry: unknown,
  deadLetterTopic: string,
  nowMs: number,
): readonly FieldRefusal[] {
  return readDeclaration(entry, deadLetterTopic, nowMs).refusals;
}

/** Reads one entry on its own. @returns the declaration, null if hosts would refuse it; and why it must not be written */
export function readDeclaration(
  entry: unknown,
  deadLetterTopic: string,
  nowMs: number,
): { readonly declaration: Declaration | null; readonly refusals: readonly FieldRefusal[] } {
  const raw = withoutNulls(entry);
  const source = { name: "", revision: 0 };
  const { declaration, faults } = readEntry(raw, 0, source, deadLetterTopic, createIsSlip());
  const { startAt } = mappingOf(raw);
  const future = typeof startAt === "string" ? futureFault(startAt, nowMs) : null;
  const early: Fault[] = future === null ? [] : [{ path: ["startAt"], rule: future, about: "value" }];
  return { declaration, refusals: refusalsOf([...faults, ...early], raw) };
}

/** Why hosts would refuse the value of a key as a whole; null if they accept it. */
export function listRefusal(value: string): string | null {
  const array = parseArray(value);
  return array.ok ? null : array.rule;
}

/** The elements of a value; null if hosts refuse it as a whole. */
export function listElements(value: string): readonly unknown[] | null {
  const array = parseArray(value);
  return array.ok ? array.entries : null;
}

/** Turns faults into sentences, without duplicates. */
export function refusalsOf(faults: readonly Fault[], raw: unknown): FieldRefusal[] {
  const refusals = faults.map((fault) => ({ field: formatPath(fault.path), reason: describe(fault, raw) }));
  return [...new Map(refusals.map((refusal) => [refusal.reason, refusal])).values()];
}

interface ReadEntry {
  readonly raw: unknown;
  readonly position: number;
  readonly declaration: Declaration | null;
  readonly faults: readonly Fault[];
}

function readEntry(
  given: unknown,
  position: number,
  source: EtcdSource,
  deadLetterTopic: string,
  isSlip: IsSlip,
): ReadEntry {
  const { entry: raw, ignored } = ownEntry(given, isSlip);
  const checked = check(entrySchema, raw);
  const faults = [...(checked.ok ? [] : checked.faults), ...entryFaults(raw, deadLetterTopic)];
  const declaration =
    checked.ok && faults.length === 0
      ? {
          ...toDeclaration(checked.value, { kind: "etcd", ...source, entry: position }),
          ...(ignored.length === 0 ? {} : { ignored }),
        }
      : null;
  return { raw, position, declaration, faults };
}

type ParsedArray =
  | { readonly ok: true; readonly entries: readonly unknown[] }
  | { readonly ok: false; readonly rule: string };

function parseArray(value: string): ParsedArray {
  if (Buffer.byteLength(value) > maxValueBytes)
    return { ok: false, rule: "the value is larger than 1.5 MiB" };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return { ok: false, rule: `${showValue(value)} is not JSON` };
  }
  if (isNestedTooDeeply(value)) return { ok: false, rule: `the value ${depthRule}` };
  if (!Array.isArray(parsed))
    return { ok: false, rule: `${showValue(value)} is not a JSON array of declarations` };
  if (parsed.length > maxEntries) return { ok: false, rule: `the array has more than ${maxEntries} entries` };
  return { ok: true, entries: parsed };
}

function describe({ path, rule, about }: Fault, raw: unknown): string {
  const field = formatPath(path);
  if (about === "key") return `field ${field} is unknown${rule.replace(/^unknown key/, "")}`;
  if (about === "absence") return field === "" ? rule : `${field} ${rule}`;
  const value = path.reduce<unknown>(
    (outer, key) =>
      Array.isArray(outer) ? (outer as readonly unknown[])[Number(key)] : mappingOf(outer)[key],
    raw,
  );
  return `${field} ${showValue(value)} ${rule}`.trimStart();
}

/** A field without a value counts as absent, as in the config file. */
export function withoutNulls<T>(entry: T): T | Mapping {
  if (!isObject(entry)) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
}
