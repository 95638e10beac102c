import { z } from "zod";
import type { StoreSurvey, StreamStore } from "../../../rules/dead-letters/failure-stores.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import { httpStatusOf } from "../../../rules/diagnosis/elasticsearch.ts";
import type { Elasticsearch } from "../client.ts";
import { getFrom } from "../names/asking.ts";
import { findMissingPrivileges } from "../names/privileges.ts";
import { resolvable, resolveNames } from "../names/resolve.ts";
import { readStreamStates } from "../names/stream-states.ts";
import { shaped } from "../transport/shaped.ts";

const layer = z.object({
  data_streams: z.object({
    failure_store: z.object({ enabled: z.union([z.string(), z.array(z.string())]) }),
  }),
});
const settingsShape = z.object({ transient: layer, persistent: layer, defaults: layer }).partial();

type Found = Pick<StreamStore, "enabled" | "indices">;

/**
 * Finds the data streams among targets, and whether they have a failure store that this user may read and clear.
 * Targets that are indices, or do not exist, are left out; without streams it is one request.
 * @param targets names, aliases and patterns
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function surveyFailureStores(
  elasticsearch: Pick<Elasticsearch, "ask">,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<StoreSurvey> {
  const get = getFrom(elasticsearch, signal);
  const targetsOf = await streamsOf(targets);
  const names = [...targetsOf.keys()];
  if (names.length === 0) return { streams: [], problems: [] };
  const problems: string[] = [];
  const stores = await storesOf(names, problems);
  const used = names.filter((name) => hasStore(stores.get(name)));
  const granted = await privileges(used, stores, problems);
  const streams = names.map((stream): StreamStore => {
    const { enabled, indices } = stores.get(stream) ?? { enabled: null, indices: [] };
    const { readable, clearable } = granted.get(stream) ?? { readable: true, clearable: true };
    return { stream, targets: targetsOf.get(stream) ?? [], enabled, indices, readable, clearable };
  });
  return { streams, problems };

  /** The streams by name, with the targets that lead there. */
  async function streamsOf(wanted: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const add = (stream: string, name: string): void => {
      const leading = wanted.filter((target) => covers(target, name));
      const known = found.get(stream) ?? [];
      if (leading.length > 0) found.set(stream, [...new Set([...known, ...leading])]);
    };
    const behind = new Map<string, string[]>();
    for (const [name, { kind, indices }] of await resolveNames(get, wanted, resolvable.moving)) {
      if (kind === "data stream") add(name, name);
      else for (const one of indices) behind.getOrInsertComputed(one, () => []).push(name);
    }
    // An alias of streams resolves to their indices.
    const backing = [...behind.keys()].filter((name) => name.startsWith(".ds-"));
    for (const [name, { stream }] of await resolveNames(get, backing, resolvable.indices)) {
      if (stream !== null) for (const alias of behind.get(name) ?? []) add(stream, alias);
    }
    return found;
  }

  async function storesOf(streams: readonly string[], said: string[]): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    const forbidden: string[] = [];
    const states = await readStreamStates(get, streams, (error, name) => {
      // Otherwise it was deleted since it was resolved.
      if (httpStatusOf(error) === 403) forbidden.push(name);
    });
    for (const [name, state] of states)
      found.set(name, { enabled: state.hasFailureStore, indices: state.failureIndices });
    if (forbidden.length > 0)
      said.push(
        `Whether ${forbidden.join(", ")} have failure stores is not known: the index privilege view_index_metadata is missing.`,
      );
    const silent = streams.filter((name) => found.get(name)?.enabled === null);
    const switchedOn = silent.length === 0 ? [] : await switchedOnByName();
    for (const name of silent) {
      const enabled = switchedOn.some((pattern) => covers(pattern, name));
      found.set(name, { enabled, indices: found.get(name)?.indices ?? [] });
    }
    return found;
  }

  /** The patterns of streams that have a failure store unless they say otherwise. */
  async function switchedOnByName(): Promise<readonly string[]> {
    const filter_path = "*.data_streams.failure_store.enabled";
    const path = "/_cluster/settings";
    const layers = shaped(settingsShape, await get(path, { include_defaults: "true", filter_path }), path);
    for (const name of ["transient", "persistent", "defaults"] as const) {
      const patterns = layers[name]?.data_streams.failure_store.enabled;
      if (patterns !== undefined) return [patterns].flat();
    }
    return [];
  }

  async function privileges(
    streams: readonly string[],
    found: ReadonlyMap<string, Found>,
    said: string[],
  ): Promise<Map<string, Pick<StreamStore, "readable" | "clearable">>> {
    const indices = streams.flatMap((name) => found.get(name)?.indices ?? []);
    if (streams.length === 0) return new Map();
    const index = [
      { names: streams, privileges: ["read_failure_store"] },
      ...(indices.length === 0 ? [] : [{ names: indices, privileges: ["delete"] }]),
    ];
    try {
      const missing = await findMissingPrivileges(elasticsearch, { index }, signal);
      const isGranted = (name: string, privilege: string): boolean =>
        missing?.index.get(name)?.includes(privilege) !== true;
      return new Map(
        streams.map((name) => [
          name,
          {
            readable: isGranted(name, "read_failure_store"),
            clearable: (found.get(name)?.indices ?? []).every((one) => isGranted(one, "delete")),
          },
        ]),
      );
    } catch (error) {
      if (httpStatusOf(error) === null) throw error;
      said.push(`What this user may do in failure stores is not known: ${messageOf(error)}.`);
      return new Map();
    }
  }
}

function hasStore(found: Found | undefined): boolean {
  return found !== undefined && (found.enabled === true || found.indices.length > 0);
}

/** Whether a target, which may be a pattern, means this name. */
function covers(target: string, name: string): boolean {
  if (!target.includes("*")) return target === name;
  const pattern = target.split("*").map((part) => part.replaceAll(/[^\w]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`).test(name);
}
