import { z } from "zod";
import { templateToWrite } from "../../lib/rules/index-template.ts";

/** Where documents go, and how many came. */
export interface Target {
  readonly url: string;
  /** How often it may be asked without being kept from its work. */
  readonly askEveryMs: number;
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
  const mappings = templateToWrite(null, [index])?.template.mappings;
  const request = async (method: string, path: string, body?: object): Promise<Response> => {
    const answer = await fetch(new URL(path, node), {
      method,
      signal,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer;
  };
  const remove = async (): Promise<void> => {
    await request("DELETE", `/${index}`);
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
      const answer = await request("GET", `/${index}/_stats/indexing`);
      return answer.status === 404
        ? 0
        : indexingStats.parse(await answer.json())._all.primaries.indexing.index_total;
    },
  };
}
