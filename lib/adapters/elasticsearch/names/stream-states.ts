import { z } from "zod";
import { isNoAddress } from "../../../rules/diagnosis/elasticsearch.ts";
import type { StreamLifecycle } from "../../../rules/template/stream-template.ts";
import { askAbout, type Get } from "./asking.ts";

/** What Elasticsearch keeps about a data stream besides its indices. */
export interface StreamState {
  /** With the retention in force if Elasticsearch says it (`data_streams.lifecycle.retention.*`), or else its own. */
  readonly lifecycle: StreamLifecycle | null;
  /** Index lifecycle management (ILM) manages the stream, and not its lifecycle. */
  readonly isManagedByIlm: boolean;
  /** Whether it has a failure store; null if that is left to the cluster's setting, or not read. */
  readonly hasFailureStore: boolean | null;
  readonly failureIndices: readonly string[];
}

const lifecycle = z
  .object({
    enabled: z.boolean().default(true),
    data_retention: z.string().optional(),
    effective_retention: z.string().optional(),
  })
  .transform(({ enabled, data_retention: own, effective_retention: effective }) => ({
    enabled,
    retention: effective ?? own ?? null,
  }))
  .nullable()
  .default(null);
const failureIndices = z
  .array(z.object({ index_name: z.string() }).transform(({ index_name: name }) => name))
  .default([]);
const failureStore = z.object({ enabled: z.boolean().optional(), indices: failureIndices });
const stream = z.object({
  name: z.string(),
  lifecycle,
  next_generation_managed_by: z.string().optional(),
  failure_store: failureStore.optional(),
});
const streamsShape = z.object({ data_streams: z.array(stream).default([]) });
const options = z.object({ failure_store: failureStore.optional() });
const stored = z.object({ lifecycle, failure_indices: failureIndices, options: options.optional() });
const stateShape = z.object({
  metadata: z
    .object({ data_stream: z.object({ data_stream: z.record(z.string(), stored).default({}) }) })
    .optional(),
});

/**
 * Reads the states of data streams, by name.
 * @param onRefused called with each stream that the data streams' own API refuses; default: throws that error
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readStreamStates(
  get: Get,
  names: readonly string[],
  onRefused?: (error: unknown, name: string) => void,
): Promise<ReadonlyMap<string, StreamState>> {
  const filter_path = ["name", "lifecycle", "next_generation_managed_by", "failure_store"]
    .map((member) => `data_streams.${member}`)
    .join(",");
  const querystring = { expand_wildcards: "all", filter_path };
  const path = (text: string): string => `/_data_stream/${text}`;
  try {
    const answers = await askAbout(get, names, { path, querystring, shape: streamsShape, onRefused });
    const states = answers.flatMap(({ data_streams: streams }) => streams);
    return new Map(
      states.map(({ name, failure_store: store, ...state }) => [
        name,
        {
          lifecycle: state.lifecycle,
          isManagedByIlm: state.next_generation_managed_by === "Index Lifecycle Management",
          hasFailureStore: store?.enabled ?? false,
          failureIndices: store?.indices ?? [],
        },
      ]),
    );
  } catch (error) {
    if (!isNoAddress(error)) throw error;
  }
  // A distribution without the module that serves this address still stores the states.
  const members = ["name", "lifecycle", "failure_indices.index_name", "options.failure_store.enabled"];
  return readStoredStates(get, names, members);
}

/**
 * The same from the cluster's state, which needs the cluster privilege `monitor` and no other. It does not say whether ILM
 * manages a stream, and may tell of other streams too.
 * @param members of the stored streams to read; the others are as if nothing were stored
 */
export async function readStoredStates(
  get: Get,
  names: readonly string[],
  members: readonly string[],
): Promise<ReadonlyMap<string, StreamState>> {
  const part = "metadata.data_stream.data_stream.*";
  const filter_path = members.map((member) => `${part}.${member}`).join(",");
  const querystring = { ignore_unavailable: "true", filter_path };
  const path = (text: string): string => `/_cluster/state/metadata/${text}`;
  const answers = await askAbout(get, names, { path, querystring, shape: stateShape });
  const states = answers.flatMap(({ metadata }) => Object.entries(metadata?.data_stream.data_stream ?? {}));
  return new Map(
    states.map(([name, state]) => [
      name,
      {
        lifecycle: state.lifecycle,
        isManagedByIlm: false,
        hasFailureStore: state.options?.failure_store?.enabled ?? null,
        failureIndices: state.failure_indices,
      },
    ]),
  );
}
