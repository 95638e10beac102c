import { z } from "zod";
import type { StoreSurvey, StreamStore } from "../../../rules/dead-letters/failure-stores.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import { httpStatusOf, isNoAddress } from "../../../rules/diagnosis/elasticsearch.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";
import { chunksOf } from "../sent/targets.ts";
import { shaped } from "../transport/shaped.ts";

const TIMEOUT_MS = 8_000;

const resolvedShape = z.object({
  indices: z.array(z.object({ name: z.string(), data_stream: z.string().optional() })).default([]),
  aliases: z
    .array(z.object({ name: z.string(), indices: z.union([z.string(), z.array(z.string())]) }))
    .default([]),
  data_streams: z.array(z.object({ name: z.string() })).default([]),
});
const index = z.object({ index_name: z.string() });
const streamsShape = z.object({
  data_streams: z
    .array(
      z.object({
        name: z.string(),
        failure_store: z
          .object({ enabled: z.boolean().optional(), indices: z.array(index).default([]) })
          .optional(),
      }),
    )
    .default([]),
});
const stateShape = z.object({
  metadata: z
    .object({
      data_stream: z.object({
        data_stream: z.record(
          z.string(),
          z.object({
            failure_indices: z.array(index).default([]),
            options: z
              .object({ failure_store: z.object({ enabled: z.boolean().optional() }).optional() })
              .optional(),
          }),
        ),
      }),
    })
    .optional(),
});
const layer = z.object({
  data_streams: z.object({
    failure_store: z.object({ enabled: z.union([z.string(), z.array(z.string())]) }),
  }),
});
const settingsShape = z.object({ transient: layer, persistent: layer, defaults: layer }).partial();
const privilegesShape = z.object({
  index: z.record(z.string(), z.record(z.string(), z.boolean())).default({}),
});

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

  async function get<T>(
    shape: z.ZodType<T>,
    path: string,
    querystring: Readonly<Record<string, string>>,
  ): Promise<T> {
    return shaped(
      shape,
      await elasticsearch.ask({ method: "GET", path, querystring, timeoutMs: TIMEOUT_MS }, signal),
      path,
    );
  }

  /** The streams by name, with the targets that lead there. */
  async function streamsOf(wanted: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const add = (stream: string, target: string): void => {
      const known = found.get(stream) ?? [];
      if (!known.includes(target)) found.set(stream, [...known, target]);
    };
    const behind = new Map<string, string[]>();
    for (const some of chunksOf(wanted)) {
      const resolved = await resolve(some);
      for (const { name } of resolved.data_streams) {
        for (const target of some) if (covers(target, name)) add(name, target);
      }
      for (const { name, indices } of resolved.aliases) {
        for (const one of [indices].flat()) behind.set(one, [...(behind.get(one) ?? []), name]);
      }
    }
    // An alias of streams resolves to their indices.
    const backing = [...behind.keys()].filter((name) => name.startsWith(".ds-"));
    for (const some of chunksOf(backing)) {
      for (const { name, data_stream: stream } of (await resolve(some)).indices) {
        if (stream === undefined) continue;
        for (const alias of behind.get(name) ?? []) {
          for (const target of wanted) if (covers(target, alias)) add(stream, target);
        }
      }
    }
    return found;
  }

  async function resolve(names: readonly string[]): Promise<z.infer<typeof resolvedShape>> {
    const path = `/_resolve/index/${targetText(names)}`;
    return get(resolvedShape, path, { ignore_unavailable: "true", expand_wildcards: "all" });
  }

  async function storesOf(streams: readonly string[], said: string[]): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    for (const some of chunksOf(streams)) {
      try {
        const filter_path = "data_streams.name,data_streams.failure_store";
        const path = `/_data_stream/${targetText(some)}`;
        const answer = await get(streamsShape, path, { expand_wildcards: "all", filter_path });
        for (const { name, failure_store: store } of answer.data_streams) {
          const indices = store?.indices.map(({ index_name: named }) => named) ?? [];
          found.set(name, { enabled: store?.enabled ?? false, indices });
        }
      } catch (error) {
        if (isNoAddress(error)) await fromClusterState(some, found);
        else if (httpStatusOf(error) === 403)
          said.push(
            `Whether ${some.join(", ")} have failure stores is not known: the index privilege view_index_metadata is missing.`,
          );
        // Deleted since it was resolved.
        else if (httpStatusOf(error) !== 404) throw error;
      }
    }
    return found;
  }

  /** For a server without the data streams' own API: what the stream says, or else the cluster's setting. */
  async function fromClusterState(streams: readonly string[], found: Map<string, Found>): Promise<void> {
    const fields = ["failure_indices.index_name", "options.failure_store.enabled"];
    const filter_path = streams.flatMap((name) =>
      fields.map((field) => `metadata.data_stream.data_stream.${name.replaceAll(".", "\\.")}.${field}`),
    );
    const path = `/_cluster/state/metadata/${targetText(streams)}`;
    const { metadata } = await get(stateShape, path, {
      ignore_unavailable: "true",
      filter_path: filter_path.join(","),
    });
    const switchedOn = await switchedOnByName();
    for (const name of streams) {
      const state = metadata?.data_stream.data_stream[name];
      found.set(name, {
        enabled:
          state?.options?.failure_store?.enabled ?? switchedOn.some((pattern) => covers(pattern, name)),
        indices: state?.failure_indices.map(({ index_name: named }) => named) ?? [],
      });
    }
  }

  /** The patterns of streams that have a failure store unless they say otherwise. */
  async function switchedOnByName(): Promise<readonly string[]> {
    const filter_path = "*.data_streams.failure_store.enabled";
    const layers = await get(settingsShape, "/_cluster/settings", { include_defaults: "true", filter_path });
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
    const path = "/_security/user/_has_privileges";
    const wanted = [
      { names: streams, privileges: ["read_failure_store"] },
      ...(indices.length === 0 ? [] : [{ names: indices, privileges: ["delete"] }]),
    ];
    try {
      const question = { method: "POST", path, body: { index: wanted }, timeoutMs: TIMEOUT_MS } as const;
      const granted = shaped(privilegesShape, await elasticsearch.ask(question, signal), path).index;
      return new Map(
        streams.map((name) => [
          name,
          {
            readable: granted[name]?.["read_failure_store"] ?? true,
            clearable: (found.get(name)?.indices ?? []).every((one) => granted[one]?.["delete"] ?? true),
          },
        ]),
      );
    } catch (error) {
      // Security is off.
      if (isNoAddress(error)) return new Map();
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
