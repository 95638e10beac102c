import { nameOf } from "../../../lib/rules/declarations/edit.ts";
import { meansPrefix } from "../../../lib/rules/declarations/etcd-keys.ts";
import type { DeclarationTarget } from "../../../lib/rules/model/declaration.ts";
import {
  topicNamePattern,
  topicNameRule,
  topicPatternPattern,
  topicPatternRule,
} from "../../../lib/rules/model/names.ts";
import { usage } from "../../../lib/rules/base/errors.ts";
import { showValue } from "../../../lib/rules/yaml/problem.ts";
import type { HelpRow } from "../kit/help-text.ts";

/** Options that say which declaration is meant, for `parseWords`. */
export const TARGET_OPTIONS = { pattern: { type: "string" }, key: { type: "string" } } as const;

export const PATTERN_ROW: HelpRow = ["--pattern GLOB", "a pattern of topics instead of TOPIC"];

/** Which declaration of which etcd key; null: the key is not given. */
export interface Targeted {
  readonly target: DeclarationTarget;
  readonly key: string | null;
}

/** @throws PenstockError `usage` */
export function targeted(
  positionals: readonly string[],
  { pattern, key }: { readonly pattern?: string | undefined; readonly key?: string | undefined },
): Targeted {
  const [topic, ...rest] = positionals;
  if (rest.length > 0) throw usage(`one topic at a time: "${rest.join(" ")}" is too many`);
  if ((topic === undefined) === (pattern === undefined)) throw usage("give either a TOPIC or --pattern GLOB");
  if (key === "" || key?.endsWith("/")) throw usage(`--key is "${key}", a prefix: it must be a whole key`);
  const target: DeclarationTarget =
    pattern === undefined ? { kind: "topic", topic: topic ?? "" } : { kind: "pattern", pattern };
  return { target, key: key ?? null };
}

/**
 * Refuses names that a host refuses. Not for removals: a bad one that was written by hand must be removable.
 * @throws PenstockError `usage`
 */
export function checkName(target: DeclarationTarget): void {
  const name = nameOf(target);
  const isGood = target.kind === "topic" ? topicNamePattern.test(name) : topicPatternPattern.test(name);
  if (!isGood)
    throw usage(`${showValue(name)} ${target.kind === "topic" ? topicNameRule : topicPatternRule}`);
}

/** Refuses a key that stands for several. @param listed `etcd.keys` @throws Error */
export function checkKey({ target, key }: Targeted, listed: readonly string[], what: string): void {
  if (key === null || !meansPrefix(key, listed)) return;
  throw new Error(
    `"${nameOf(target)}" was not ${what}: --key ${key} is a prefix of etcd.keys: it must be a whole key`,
  );
}
