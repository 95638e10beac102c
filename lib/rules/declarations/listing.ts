import { nameOf } from "../config/cross-checks.ts";
import { isObject, type Mapping } from "../json/object.ts";
import type { Declaration, DeclarationTarget, TopicOptions } from "../model/declaration.ts";
import { listElements } from "./etcd-value.ts";
import type { EtcdReading, KeyMemory } from "./etcd-memory.ts";
import { isListedKey } from "./etcd-keys.ts";
import { isStated } from "./patience.ts";
import type { ToldExclusion } from "./desired.ts";
import type { Standing } from "./standing.ts";

/** A target as written in a declaration. */
export type TargetWords = { readonly topic: string } | { readonly pattern: string };

/** One glob of a pattern's `exclude`. */
export interface ExcludedGlob {
  readonly glob: string;
  /** The number of topics that it excluded in the last run; null if none was made with it. */
  readonly topics: number | null;
}

/** A declaration of the config file. */
export interface ListedDeclaration extends Standing {
  /** Its position in the source's list, from 0. */
  readonly entry: number;
  readonly target: TargetWords;
  /** Set if the pattern excludes topics. */
  readonly excluded?: readonly ExcludedGlob[];
  /** All options, defaults filled in. */
  readonly options: TopicOptions;
}

/** One element of the list in an etcd key, accepted by hosts or not. */
export interface ListedEntry extends Standing {
  readonly entry: number;
  /** The topic or pattern it names; null if unreadable. */
  readonly name: string | null;
  readonly target: TargetWords | null;
  /** Set if the pattern excludes topics, according to its active version. */
  readonly excluded?: readonly ExcludedGlob[];
  /** The current content, a plain name as `{ topic }`; null if it is not an object or cannot be read now. */
  readonly declaration: Mapping | null;
  /** The active options, defaults filled in; null if none are. */
  readonly options: TopicOptions | null;
  /** True if an earlier version is active, because the current one is refused or unreadable. */
  readonly lastGoodKept: boolean;
  /** The names of other programs' fields in it. */
  readonly ignored: readonly string[];
}

export interface ListedKey {
  readonly key: string;
  /** True if `etcd.keys` lists it, false if only a prefix of it. */
  readonly exact: boolean;
  /** Its mod revision, 0 if absent; null if unknown. */
  readonly revision: number | null;
  /** The current value; null if it is absent, not text, or cannot be read now. */
  readonly text: string | null;
  /** Why the value as a whole is refused; its last valid version then stays active. */
  readonly problem: string | null;
  readonly entries: readonly ListedEntry[];
}

/** What is known of a declaration besides its content. */
export interface ListingFacts {
  readonly standingOf: (declaration: Declaration) => Standing;
  /** Of the last run. */
  readonly excluded: readonly ToldExclusion[];
}

export function listDeclaration(declaration: Declaration, facts: ListingFacts): ListedDeclaration {
  const { source, target, options } = declaration;
  const standing = facts.standingOf(declaration);
  return {
    entry: source.entry,
    target: wordsOf(target),
    options,
    ...standing,
    ...excludedBy(declaration, facts.excluded),
  };
}

function excludedBy(
  { target, source }: Declaration,
  known: readonly ToldExclusion[],
): { excluded?: readonly ExcludedGlob[] } {
  if (target.kind !== "pattern" || target.exclude === undefined) return {};
  const { kind, name } = source;
  const last = known.find(
    (one) => one.pattern === target.pattern && one.source.kind === kind && one.source.name === name,
  );
  const excluded = target.exclude.map((glob) => ({
    glob,
    topics: last?.globs.find((one) => one.glob === glob)?.topics ?? null,
  }));
  return { excluded };
}

/**
 * One etcd key: its current content and what is active.
 *
 * @param held the value just read; null if unreadable, so that only the last good version is known
 */
export function listKey(
  key: string,
  held: EtcdReading["keys"][number] | null,
  { declarations, refused }: Pick<KeyMemory, "declarations" | "refused">,
  listed: readonly string[],
  facts: ListingFacts,
): ListedKey {
  const text = held?.value ?? null;
  const elements = text === null ? null : listElements(text);
  const inForce = new Map(declarations.filter(isStated).map((one) => [one.source.entry, one]));
  const refusals = new Map(
    refused.flatMap((one) => ("entry" in one.source ? [[one.source.entry, one]] : [])),
  );
  const places = new Set([...(elements?.keys() ?? []), ...inForce.keys(), ...refusals.keys()]);

  const entries = [...places]
    .toSorted((a, b) => a - b)
    .map((place) => {
      const declaration = inForce.get(place) ?? null;
      const raw = elements === null ? UNREAD : elements[place];
      return listEntry(place, raw, declaration, refusals.get(place)?.reason ?? null, facts);
    });
  const source = declarations[0]?.source ?? refused[0]?.source;
  return {
    key,
    exact: isListedKey(key, listed),
    revision: held?.modRevision ?? source?.revision ?? null,
    text,
    problem: held?.problem ?? refused.find((one) => !("entry" in one.source))?.reason ?? null,
    entries,
  };
}

const NOTHING_IN_FORCE: Standing = { state: "refused", topics: 0, overriddenBy: null, refused: null };
/** Never the result of parsing JSON. */
const UNREAD = undefined;

function listEntry(
  entry: number,
  raw: unknown,
  declaration: Declaration | null,
  refused: string | null,
  facts: ListingFacts,
): ListedEntry {
  const standing = declaration === null ? NOTHING_IN_FORCE : facts.standingOf(declaration);
  const target = targetNamed(raw) ?? declaration?.target ?? null;
  return {
    entry,
    name: target === null ? null : target.kind === "topic" ? target.topic : target.pattern,
    target: target === null ? null : wordsOf(target),
    ...(declaration !== null && excludedBy(declaration, facts.excluded)),
    declaration: typeof raw === "string" ? { topic: raw } : isObject(raw) ? raw : null,
    options: declaration?.options ?? null,
    state: refused === null ? standing.state : "refused",
    topics: standing.topics,
    overriddenBy: standing.overriddenBy,
    refused: refused ?? standing.refused,
    ...(standing.overruled !== undefined && { overruled: standing.overruled }),
    ...(standing.alike && { alike: true }),
    ...(standing.pathVaries && { pathVaries: true }),
    lastGoodKept: declaration !== null && (refused !== null || raw === UNREAD),
    ignored: declaration?.ignored ?? [],
  };
}

function targetNamed(raw: unknown): DeclarationTarget | null {
  const named = nameOf(raw);
  if (named === null) return null;
  const { kind, name } = named;
  return kind === "topic" ? { kind, topic: name } : { kind, pattern: name };
}

function wordsOf(target: DeclarationTarget): TargetWords {
  return target.kind === "topic" ? { topic: target.topic } : { pattern: target.pattern };
}
