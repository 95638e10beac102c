import { z } from "zod";
import { indexShapeOf, type IndexShape } from "../../../rules/audit/against/cause.ts";
import { foreignDocument, type ForeignDocument } from "../../../rules/audit/against/position.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject, mappingOf } from "../../../rules/json/object.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch, Question } from "../client.ts";
import { askAgain, assertComplete, refused } from "../ask-again.ts";
import { indexSettingsNames, parseIndexSettings } from "../index-settings.ts";
import { shaped } from "../transport/shaped.ts";
import { parseIndexNames } from "./answers.ts";
import { LENIENT, openPointInTime, SEARCH_TIMEOUT_MS, totalOf } from "./point-in-time.ts";

/** A frozen view of an index that another tool filled, for reading only. */
export interface ForeignIndex {
  /** Closed indices among those meant: their documents cannot be seen. */
  readonly closed: readonly string[];
  /** The mapping of the newest open index. */
  readonly shape: IndexShape;
  count(query: object): Promise<number>;
  /** Returns matching documents from all over the view: a random sample, the same each time; fewer if they are large. */
  sample(query: object, size: number): Promise<readonly ForeignDocument[]>;
  /** Returns the best match; null if there is none. */
  best(query: object): Promise<ForeignDocument | null>;
  /**
   * Passes on all matching documents, in no particular order.
   * @param fields what to read of each document; null: all
   */
  find(
    query: object,
    fields: readonly string[] | null,
    onPage: (documents: readonly ForeignDocument[]) => void,
  ): Promise<void>;
  /** The types of fields, over all indices meant; empty for one that is not mapped. */
  types(fields: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  close(): Promise<void>;
}

/** Half of the default `index.max_result_window`. Halved while an answer is too large, and grown again slowly. */
const PAGE_DOCUMENTS = 5_000;

const capabilities = z.object({ fields: z.record(z.string(), z.record(z.string(), z.unknown())) });
const hitsShape = z.object({
  hits: z
    .object({
      hits: z
        .array(
          z.object({
            _id: z.string(),
            _index: z.string(),
            _source: z.unknown().optional(),
            sort: z.array(z.unknown()).optional(),
          }),
        )
        .default([]),
    })
    .default({ hits: [] }),
});

/**
 * Opens an index, alias, data stream, or several of them by pattern or comma. Changes nothing; asks for a refresh, and does
 * without where it is not allowed.
 * @throws PenstockError `usage` if there is none, or all are closed; `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function openForeignIndex(
  elasticsearch: Pick<Elasticsearch, "ask">,
  index: string,
  signal: AbortSignal,
): Promise<ForeignIndex> {
  const target = targetText(index.split(","));
  const ask = (question: Omit<Question, "timeoutMs">): Promise<unknown> =>
    askAgain(() => elasticsearch.ask({ ...question, timeoutMs: SEARCH_TIMEOUT_MS }, signal), signal);

  const names = parseIndexNames(await resolved());
  if (names.open.size === 0) {
    const closed = [...names.closed].sort().slice(0, 3).join(", ");
    throw new PenstockError(
      "usage",
      names.closed.size === 0
        ? `--against is "${index}": Elasticsearch has no index, alias or data stream of that name`
        : `--against is "${index}", which is closed (${closed}): open it, so that its documents can be read`,
    );
  }
  await refresh();
  const settings = parseIndexSettings(
    await ask({
      method: "GET",
      path: `/${target}/_settings/${indexSettingsNames}`,
      querystring: { ...LENIENT, expand_wildcards: "all" },
    }),
  );
  const [newest] = settings.filter(({ closed }) => !closed).toSorted((a, b) => b.createdMs - a.createdMs);
  const shape = await shapeOf(newest?.name ?? index);
  const pit = await openPointInTime(elasticsearch, target, signal);
  let pageSize = PAGE_DOCUMENTS;

  async function resolved(): Promise<unknown> {
    try {
      return await ask({
        method: "GET",
        path: `/_resolve/index/${target}`,
        querystring: { expand_wildcards: "all" },
      });
    } catch (error) {
      if (statusOf(error) === 404) return {};
      throw error;
    }
  }

  async function refresh(): Promise<void> {
    try {
      const answer = await ask({ method: "POST", path: `/${target}/_refresh`, querystring: LENIENT });
      assertComplete(answer, "refresh");
    } catch (error) {
      // A login that may only read sees what was refreshed before.
      if (!(error instanceof PenstockError) || error.code !== "elasticsearch_refused") throw error;
    }
  }

  async function shapeOf(name: string): Promise<IndexShape> {
    const place = encodeURIComponent(name);
    const mapping = await ask({ method: "GET", path: `/${place}/_mapping`, querystring: LENIENT });
    const own = await ask({
      method: "GET",
      path: `/${place}/_settings/index.mapping.*`,
      querystring: { ...LENIENT, flat_settings: "true" },
    });
    return indexShapeOf(
      name,
      mappingOf(mappingOf(mappingOf(mapping)[name])["mappings"]),
      mappingOf(mappingOf(mappingOf(own)[name])["settings"]),
    );
  }

  async function hits(body: object) {
    const filter = "hits.hits._id,hits.hits._index,hits.hits._source,hits.hits.sort";
    const found = shaped(
      hitsShape,
      await pit.search({ track_total_hits: false, ...body }, filter),
      "/_search",
    );
    const documents = found.hits.hits.map(({ _id, _index, _source }) =>
      foreignDocument(_id, _index, _source),
    );
    return { documents, after: found.hits.hits.at(-1)?.sort ?? null };
  }

  /** Fewer hits than `size` if documents are large, and at last one without its contents. */
  async function fitting(body: object, size: number, source: readonly string[] | true = true) {
    for (let asked = size, _source: unknown = source; ; asked = Math.max(1, Math.floor(asked / 4))) {
      try {
        return { ...(await hits({ size: asked, _source, ...body })), asked };
      } catch (error) {
        if (!isTooLarge(error) || _source === false) throw error;
        if (asked === 1) _source = false;
      }
    }
  }

  async function page(query: object, fields: readonly string[] | null, after: readonly unknown[] | null) {
    const body = { query, sort: ["_shard_doc"], ...(after !== null && { search_after: after }) };
    const { asked, ...found } = await fitting(body, pageSize, fields ?? true);
    pageSize = Math.min(PAGE_DOCUMENTS, asked + Math.ceil(asked / 10));
    return { ...found, isLast: found.documents.length < asked };
  }

  return {
    // The settings also name those behind an alias or data stream.
    closed: [...names.closed.union(new Set(settings.flatMap((one) => (one.closed ? one.name : []))))].sort(),
    shape,
    async count(query) {
      return totalOf(await pit.search({ size: 0, track_total_hits: true, query }, "hits.total.value"));
    },
    async sample(query, size) {
      const random = { function_score: { query, random_score: { seed: 1, field: "_seq_no" } } };
      return (await fitting({ query: random }, size)).documents;
    },
    best: async (query) => (await fitting({ query }, 1)).documents[0] ?? null,
    async find(query, fields, onPage) {
      let after: readonly unknown[] | null = null;
      for (;;) {
        signal.throwIfAborted();
        const found = await page(query, fields, after);
        if (found.documents.length > 0) onPage(found.documents);
        if (found.isLast) return;
        if (found.after === null) throw refused("a hit has no sort values");
        after = found.after;
      }
    },
    async types(fields) {
      const answer = await ask({
        method: "POST",
        path: `/${target}/_field_caps`,
        querystring: LENIENT,
        body: { fields },
      });
      const caps = shaped(capabilities, answer, "/_field_caps").fields;
      return new Map(fields.map((field) => [field, Object.keys(caps[field] ?? {})]));
    },
    close: () => pit.close(),
  };
}

function statusOf(error: unknown): number | null {
  const cause = error instanceof PenstockError ? error.cause : null;
  return isObject(cause) && typeof cause["status"] === "number" ? cause["status"] : null;
}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof PenstockError && isObject(error.cause) && error.cause["kind"] === "answer_too_large"
  );
}
