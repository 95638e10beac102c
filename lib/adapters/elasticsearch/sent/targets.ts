import { z } from "zod";
import { isObject } from "../../../rules/json/object.ts";
import { indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import type { Elasticsearch } from "../client.ts";
import { askAbout, getFrom } from "../names/asking.ts";
import { resolvable, resolveNames } from "../names/resolve.ts";
import type { ResolvedName } from "../names/resolved-name.ts";
import type { Target } from "./sent-records.ts";

const TIMEOUT_MS = 10_000;
const shape = z.record(z.string(), z.unknown());

/** Finds out what these names lead to: one request for many names, and one more if an alias has several indices. */
export async function askTargets(
  elasticsearch: Pick<Elasticsearch, "ask">,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Target>> {
  const get = getFrom(elasticsearch, signal, TIMEOUT_MS);
  const dated = indices.filter((index) => indexPatternOf(index) !== index);
  const single = indices.filter((index) => indexPatternOf(index) === index);
  return new Map([...(await askSingle(single)), ...(await askDated(dated))]);

  async function askSingle(names: readonly string[]): Promise<[string, Target][]> {
    const found = await resolveNames(get, names);
    const written = await writeIndices(
      [...found].flatMap(([name, one]) => (mayHideItsWriter(one) ? [name] : [])),
    );
    return names.map((name): [string, Target] => {
      const one = found.get(name);
      if (one === undefined) return [name, { kind: "absent" }];
      if (one.kind === "index") return [name, { kind: "fixed" }];
      const shown = one.kind === "alias" && !mayHideItsWriter(one) ? one.indices[0] : name;
      return [name, { kind: "moving", indices: one.indices, writesTo: written.get(name) ?? shown ?? name }];
    });
  }

  /** Asked only for aliases and streams, because a pattern may cover thousands of indices. */
  async function askDated(names: readonly string[]): Promise<[string, Target][]> {
    const moving = [...(await resolveNames(get, names.map(indexPatternOf), resolvable.moving))];
    return names.map((name): [string, Target] => {
      const own = moving.filter(([one]) => leadsTo(name, one));
      if (own.length === 0) return [name, { kind: "fixed" }];
      const behind = own.map(([one]) => one).concat(own.flatMap(([, one]) => one.indices));
      return [name, { kind: "moving", indices: behind, writesTo: name }];
    });
  }

  /** The index or data stream that each of these aliases writes to. */
  async function writeIndices(aliases: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    /** An alias of one data stream needs no mark. */
    const members = new Map<string, string[]>();
    const path = (text: string): string => `/_alias/${text}`;
    // One that was deleted meanwhile, or is forbidden, still moves, and must not make all others pass for indices.
    const onRefused = (): void => {};
    for (const answer of await askAbout(get, aliases, { path, querystring: {}, shape, onRefused })) {
      for (const [index, entry] of Object.entries(answer)) {
        const own = isObject(entry) && isObject(entry["aliases"]) ? entry["aliases"] : {};
        for (const [alias, how] of Object.entries(own)) {
          members.getOrInsertComputed(alias, () => []).push(index);
          if (isObject(how) && how["is_write_index"] === true) found.set(alias, index);
        }
      }
    }
    for (const [alias, [only = alias, ...others]] of members) if (others.length === 0) found.set(alias, only);
    return found;
  }
}

/** Whether what an alias resolves to does not show where it writes: it has several indices, or those of a data stream. */
function mayHideItsWriter({ kind, indices }: ResolvedName): boolean {
  return kind === "alias" && (indices.length !== 1 || indices[0]?.startsWith(".ds-") === true);
}
