import { z } from "zod";
import { elasticsearchRequest } from "./elasticsearch-request.ts";
import { coveringTemplate } from "../../lib/rules/index-template.ts";

/** Where documents go, and how many came. */
export interface Target {
  readonly url: string;
  /** How often it may be asked without being kept from its work. */
  readonly askEveryMs: number;
  /** So far; of an index, since it was made. */
  documents(): Promise<number>;
}

/** An index on a real Elasticsearch, with what Penstock's template says. */
export interface IndexTarget extends Target {
  /** Empty again, and ready: waited for until nothing of the index before is left. */
  recreate(): Promise<void>;
  remove(): Promise<void>;
}

const indexingStats = z.object({
  _all: z.object({ primaries: z.object({ indexing: z.object({ index_total: z.number() }) }) }),
});

export function indexTarget(node: string, index: string, signal: AbortSignal): IndexTarget {
  const mappings = coveringTemplate(null, [index]).template.mappings;
  const request = elasticsearchRequest(node, signal);
  const remove = async (): Promise<void> => {
    await request("DELETE", `/${index}?ignore_unavailable=true`);
  };
  return {
    url: node,
    askEveryMs: 100,
    remove,
    async recreate() {
      await remove();
      await request("PUT", `/${index}`, { mappings });
      await request("GET", `/_cluster/health/${index}?wait_for_status=yellow`);
    },
    async documents() {
      const stats = indexingStats.parse(await request("GET", `/${index}/_stats/indexing`));
      return stats._all.primaries.indexing.index_total;
    },
  };
}
