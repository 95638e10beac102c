import { isObject } from "../json/object.ts";
import type { Settings } from "../model/settings.ts";
import type { FieldChange } from "../model/specification.ts";
import { fingerprintOf } from "../secrets/fingerprint.ts";
import { Secret } from "../secrets/secret.ts";

/** The settings that differ, by their path. Of a secret, only that it changed. */
export function settingsChanges(before: Settings, after: Settings): FieldChange[] {
  return changesBelow("", before, after);
}

function changesBelow(path: string, from: unknown, to: unknown): FieldChange[] {
  if (fingerprintOf(from) === fingerprintOf(to)) return [];
  const isLeaf = !isObject(from) || !isObject(to) || from instanceof Secret || to instanceof Secret;
  if (isLeaf) return [{ field: path, from: shown(from), to: shown(to) }];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => changesBelow(path === "" ? name : `${path}.${name}`, from[name], to[name]));
}

function shown(value: unknown): unknown {
  if (value instanceof Secret) return "(hidden)";
  if (Array.isArray(value)) return value.map(shown);
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]));
}
