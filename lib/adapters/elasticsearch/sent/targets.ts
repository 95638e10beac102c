import { isObject } from "../../../rules/json/object.ts";
import { indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import { maxTargetLength, targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";
import type { Target } from "./sent-records.ts";

type Ask = Pick<Elasticsearch, "ask">;

const TIMEOUT_MS = 10_000;

interface Named {
  readonly name: string;
  readonly indices: readonly string[];
}

/** Finds out what these names lead to: one request for many names, and one more if an alias has several indices. */
export async function askTargets(
  elasticsearch: Ask,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Target>> {
  const dated = indices.filter((index) => indexPatternOf(index) !== index);
  const single = indices.filter((index) => indexPatternOf(index) === index);
  const targets = new Map<string, Target>();
  for (const some of chunksOf(single))
    for (const [index, target] of await askSingle(some)) targets.set(index, target);
  for (const some of chunksOf(dated))
    for (const [index, target] of await askDated(some)) targets.set(index, target);
  return targets;

  async function resolve(names: readonly string[], filterPath: string): Promise<unknown> {
    return elasticsearch.ask(
      {
        method: "GET",
        path: `/_resolve/index/${targetText(names)}`,
        querystring: { ignore_unavailable: "true", expand_wildcards: "all", filter_path: filterPath },
        timeoutMs: TIMEOUT_MS,
      },
      signal,
    );
  }

  async function askSingle(names: readonly string[]): Promise<[string, Target][]> {
    const answer = await resolve(
      names,
      "indices.name,aliases.name,aliases.indices,data_streams.name,data_streams.backing_indices",
    );
    const fixed = new Set(namedIn(answer, "indices", "").map(({ name }) => name));
    const streams = byName(namedIn(answer, "data_streams", "backing_indices"));
    const aliases = byName(namedIn(answer, "aliases", "indices"));
    const written = await writeIndices([...aliases.values()].filter(mayHideItsWriter));
    return names.map((name): [string, Target] => {
      const [stream, alias] = [streams.get(name), aliases.get(name)];
      if (stream !== undefined) return [name, { kind: "moving", indices: stream.indices, writesTo: name }];
      if (alias !== undefined) {
        const writesTo = written.get(name) ?? (mayHideItsWriter(alias) ? name : alias.indices[0]) ?? name;
        return [name, { kind: "moving", indices: alias.indices, writesTo }];
      }
      return [name, { kind: fixed.has(name) ? "fixed" : "absent" }];
    });
  }

  /** Asked only for aliases and streams, because a pattern may cover thousands of indices. */
  async function askDated(names: readonly string[]): Promise<[string, Target][]> {
    const answer = await resolve(
      names.map(indexPatternOf),
      "aliases.name,aliases.indices,data_streams.name,data_streams.backing_indices",
    );
    const moving = [
      ...namedIn(answer, "data_streams", "backing_indices"),
      ...namedIn(answer, "aliases", "indices"),
    ];
    return names.map((name): [string, Target] => {
      const own = moving.filter((one) => leadsTo(name, one.name));
      if (own.length === 0) return [name, { kind: "fixed" }];
      const behind = own.map(({ name: one }) => one).concat(own.flatMap((one) => one.indices));
      return [name, { kind: "moving", indices: behind, writesTo: name }];
    });
  }

  /** The index or data stream that each of these aliases writes to. */
  async function writeIndices(aliases: readonly Named[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    /** An alias of one data stream needs no mark. */
    const members = new Map<string, string[]>();
    for (const some of chunksOf(aliases.map(({ name }) => name))) {
      const answer = await elasticsearch.ask(
        { method: "GET", path: `/_alias/${targetText(some)}`, timeoutMs: TIMEOUT_MS },
        signal,
      );
      for (const [index, entry] of Object.entries(isObject(answer) ? answer : {})) {
        const own = isObject(entry) && isObject(entry["aliases"]) ? entry["aliases"] : {};
        for (const [alias, how] of Object.entries(own)) {
          members.set(alias, [...(members.get(alias) ?? []), index]);
          if (isObject(how) && how["is_write_index"] === true) found.set(alias, index);
        }
      }
    }
    for (const [alias, [only = alias, ...others]] of members) if (others.length === 0) found.set(alias, only);
    return found;
  }
}

/** Whether what an alias resolves to does not show where it writes: it has several indices, or those of a data stream. */
function mayHideItsWriter({ indices }: Named): boolean {
  return indices.length !== 1 || indices[0]?.startsWith(".ds-") === true;
}

/** Splits names so that each part fits into a request line. */
export function chunksOf(names: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let length = Infinity;
  for (const name of names) {
    const more = encodeURIComponent(name).length + 1;
    if (length + more > maxTargetLength) {
      chunks.push([]);
      length = 0;
    }
    chunks.at(-1)?.push(name);
    length += more;
  }
  return chunks;
}

function byName(named: readonly Named[]): ReadonlyMap<string, Named> {
  return new Map(named.map((one) => [one.name, one]));
}

/** Reads a list of an answer to `_resolve/index`. Elasticsearch writes a list of one index as the index alone. */
function namedIn(answer: unknown, kind: string, member: string): Named[] {
  const list = isObject(answer) ? answer[kind] : null;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry["name"] !== "string") return [];
    const indices: unknown[] = [entry[member]].flat();
    return [{ name: entry["name"], indices: indices.filter((index) => typeof index === "string") }];
  });
}
