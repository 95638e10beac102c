import { z } from "zod";
import { elasticsearchRequest } from "../kit/elasticsearch-request.ts";
import { fullForm, templateBody } from "../../../lib/rules/template/template-body.ts";

/** Where documents go. */
export interface Target {
  readonly url: string;
  /** How often it can be asked without slowing it down. */
  readonly askEveryMs: number;
  /** Returns the number of documents received so far; for an index, since it was created. */
  documents(): Promise<number>;
}

/** An index on a real Elasticsearch. */
export interface IndexTarget extends Target {
  /** Replaces the index by an empty one with the settings and mappings of Penstock's template. */
  recreate(): Promise<void>;
  remove(): Promise<void>;
  /** Merges the index into one segment. @returns its bytes */
  mergedBytes(): Promise<number>;
  /** Returns the source of the first short document, else the beginning of a long one. */
  shortDocument(): Promise<string>;
}

/** A missing index has no figures. */
const indexStats = z.object({
  _all: z.object({
    primaries: z.object({
      indexing: z.object({ index_total: z.number() }).prefault({ index_total: 0 }),
      store: z.object({ size_in_bytes: z.number() }).prefault({ size_in_bytes: 0 }),
    }),
  }),
});
const searchAnswer = z.object({
  hits: z.object({ hits: z.array(z.object({ _source: z.looseObject({}) })) }),
});
const SHORT = 800;

export function indexTarget(node: string, index: string, signal: AbortSignal): IndexTarget {
  const { settings, mappings } = templateBody(fullForm);
  const request = elasticsearchRequest(node, signal);
  const remove = async (): Promise<void> => {
    await request("DELETE", `/${index}?ignore_unavailable=true`);
  };
  const statsOf = async (metric: "indexing" | "store") =>
    indexStats.parse(await request("GET", `/${index}/_stats/${metric}?ignore_unavailable=true`))._all
      .primaries;
  return {
    url: node,
    askEveryMs: 100,
    remove,
    async recreate() {
      await remove();
      await request("PUT", `/${index}`, { settings, mappings });
      await request("GET", `/_cluster/health/${index}?wait_for_status=yellow`);
    },
    async documents() {
      return (await statsOf("indexing")).indexing.index_total;
    },
    async mergedBytes() {
      await request("POST", `/${index}/_forcemerge?max_num_segments=1`);
      await request("POST", `/${index}/_refresh`);
      return (await statsOf("store")).store.size_in_bytes;
    },
    async shortDocument() {
      const sort = ["kafka.partition", "kafka.offset"].map((name) => ({ [name]: { unmapped_type: "long" } }));
      const answer = searchAnswer.parse(await request("POST", `/${index}/_search`, { size: 100, sort }));
      const texts = answer.hits.hits.map(({ _source }) => JSON.stringify(_source));
      return texts.find(({ length }) => length <= SHORT) ?? `${texts[0]?.slice(0, SHORT)} …`;
    },
  };
}
