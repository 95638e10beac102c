import { z } from "zod";
import { indexPatternOf } from "../../../rules/model/names.ts";
import { askAbout, type Get } from "../names/asking.ts";

/** Of one index, its primary shards alone. */
export interface IndexSize {
  readonly documents: number;
  readonly bytes: number;
  readonly closed: boolean;
}

const statsShape = z.object({
  indices: z
    .record(
      z.string(),
      z.object({
        status: z.string().optional(),
        primaries: z
          .object({
            docs: z.object({ count: z.number() }),
            store: z.object({ size_in_bytes: z.number() }),
          })
          .optional(),
      }),
    )
    .default({}),
});

/**
 * Reads the sizes of the targets' indices, by index; needs the index privilege `monitor`. An index without an assigned
 * primary shard is left out, and so is one that the user may not see.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readSizes(
  get: Get,
  targets: readonly string[],
): Promise<ReadonlyMap<string, IndexSize>> {
  const part = "indices.*";
  const querystring = {
    ignore_unavailable: "true",
    expand_wildcards: "all",
    forbid_closed_indices: "false",
    filter_path: `${part}.status,${part}.primaries.docs.count,${part}.primaries.store.size_in_bytes`,
  };
  const answers = await askAbout(get, targets.map(indexPatternOf), {
    path: (text) => `/${text}/_stats/docs,store`,
    querystring,
    shape: statsShape,
  });
  const sizes = new Map<string, IndexSize>();
  for (const { indices } of answers) {
    for (const [name, { status, primaries }] of Object.entries(indices)) {
      if (primaries === undefined) continue;
      const { docs, store } = primaries;
      sizes.set(name, { documents: docs.count, bytes: store.size_in_bytes, closed: status === "close" });
    }
  }
  return sizes;
}
