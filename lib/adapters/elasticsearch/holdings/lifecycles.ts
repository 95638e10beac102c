import { z } from "zod";
import { isNoAddress } from "../../../rules/diagnosis/elasticsearch.ts";
import { retentionMs } from "../../../rules/model/data-stream.ts";
import { askAbout, type AskElasticsearch, type QuestionAboutNames } from "./asking.ts";

const lifecycleShape = z.object({
  enabled: z.boolean().optional(),
  data_retention: z.string().optional(),
  // With the cluster's default and maximum (`data_streams.lifecycle.retention.*`).
  effective_retention: z.string().optional(),
});
const streamsShape = z.object({
  data_streams: z
    .array(
      z.object({
        name: z.string(),
        lifecycle: lifecycleShape.optional(),
        next_generation_managed_by: z.string().optional(),
      }),
    )
    .default([]),
});
const stateShape = z.object({
  metadata: z
    .object({
      data_stream: z.object({
        data_stream: z.record(z.string(), z.object({ lifecycle: lifecycleShape.optional() })).default({}),
      }),
    })
    .optional(),
});

/**
 * Reads after how long the lifecycles of data streams delete, in milliseconds by stream. Left out are streams that nothing
 * deletes from, or that index lifecycle management (ILM) manages.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readRetentions(
  elasticsearch: AskElasticsearch,
  streams: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const ask = <T>(question: (text: string) => QuestionAboutNames<T>): Promise<readonly T[]> =>
    askAbout(elasticsearch, streams, signal, question);
  const part = "data_streams";
  try {
    const answers = await ask((text) => ({
      path: `/_data_stream/${text}`,
      querystring: { filter_path: `${part}.name,${part}.lifecycle,${part}.next_generation_managed_by` },
      shape: streamsShape,
    }));
    const own = answers
      .flatMap(({ data_streams: some }) => some)
      .filter(({ next_generation_managed_by: by }) => by !== "Index Lifecycle Management");
    return retentionsOf(own.map(({ name, lifecycle }) => [name, lifecycle]));
  } catch (error) {
    if (!isNoAddress(error)) throw error;
  }
  // A distribution without the module that serves this address still stores the lifecycle.
  const answers = await ask((text) => ({
    path: `/_cluster/state/metadata/${text}`,
    querystring: {
      ignore_unavailable: "true",
      filter_path: "metadata.data_stream.data_stream.*.lifecycle",
    },
    shape: stateShape,
  }));
  const all = answers.flatMap(({ metadata }) => Object.entries(metadata?.data_stream.data_stream ?? {}));
  return retentionsOf(all.map(([name, { lifecycle }]) => [name, lifecycle]));
}

function retentionsOf(
  streams: readonly (readonly [string, z.infer<typeof lifecycleShape> | undefined])[],
): ReadonlyMap<string, number> {
  return new Map(
    streams.flatMap(([name, lifecycle]) => {
      const text = lifecycle?.effective_retention ?? lifecycle?.data_retention;
      const ms = text === undefined || lifecycle?.enabled === false ? null : retentionMs(text);
      return ms === null ? [] : [[name, ms] as const];
    }),
  );
}
