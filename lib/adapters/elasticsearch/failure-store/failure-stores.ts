import {
  contentsBody,
  type FailureStores,
  readContents,
  readStored,
  storedQuery,
  type StoredDocument,
} from "../../../rules/dead-letters/failure-stores.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { isObject } from "../../../rules/json/object.ts";
import type { Elasticsearch } from "../client.ts";
import { surveyFailureStores } from "./survey.ts";

const TIMEOUT_MS = 10_000;
const KEEP_ALIVE = "5m";
const PAGE_DOCUMENTS = 1_000;
/** A record that waits for its pipeline leaves a document with each try; room for fifty, the rest stays. */
const IDS_AT_ONCE = 200;
const MAX_FOUND = 10_000;

export function createFailureStores(elasticsearch: Pick<Elasticsearch, "ask" | "bulk">): FailureStores {
  const ask: Elasticsearch["ask"] = (question, signal) => elasticsearch.ask(question, signal);
  // What a shard that does not answer has would look as if it were not there.
  const whole = { allow_partial_search_results: "false" };
  const search = (path: string, body: object, signal: AbortSignal): Promise<unknown> =>
    ask({ method: "POST", path, querystring: whole, body, timeoutMs: TIMEOUT_MS }, signal);

  return {
    survey: (targets, signal) => surveyFailureStores(elasticsearch, targets, signal),

    async contents(stream, topic, signal) {
      const path = `${storeOf(stream)}/_search`;
      const contents = readContents(await search(path, contentsBody(topic), signal));
      if (contents === null) throw refused(`${path} has an unexpected form`);
      return contents;
    },

    async each(stream, filter, onPage, signal) {
      const opened = await ask(
        {
          method: "POST",
          path: `${storeOf(stream)}/_pit`,
          querystring: { keep_alive: KEEP_ALIVE },
          timeoutMs: TIMEOUT_MS,
        },
        signal,
      );
      const id = isObject(opened) ? opened["id"] : null;
      if (typeof id !== "string") throw refused("_pit holds no id");
      const body = {
        pit: { id, keep_alive: KEEP_ALIVE },
        size: PAGE_DOCUMENTS,
        query: storedQuery(filter),
        sort: [{ "@timestamp": "asc" }],
        _source: ["document.id"],
        track_total_hits: false,
      };
      try {
        for (let after: unknown = null; ;) {
          const from = after === null ? {} : { search_after: after };
          const answer = await search("/_search", { ...body, ...from }, signal);
          const documents = readStored(answer);
          if (documents.length > 0) await onPage(documents);
          after = lastSort(answer);
          if (after === null) return;
        }
      } finally {
        await close(id);
      }
    },

    async find(stream, recordIds, signal) {
      const store = storeOf(stream);
      // Without the right to refresh, what was stored within the last second stays.
      await ask({ method: "POST", path: `${store}/_refresh`, timeoutMs: TIMEOUT_MS }, signal).catch(
        unlessStopped,
      );
      const found: StoredDocument[] = [];
      for (let at = 0; at < recordIds.length; at += IDS_AT_ONCE) {
        const body = {
          query: { terms: { "document.id": recordIds.slice(at, at + IDS_AT_ONCE) } },
          size: MAX_FOUND,
          _source: ["document.id"],
          track_total_hits: false,
        };
        found.push(...readStored(await search(`${store}/_search`, body, signal)));
      }
      return found;

      function unlessStopped(error: unknown): void {
        signal.throwIfAborted();
        if (!(error instanceof PenstockError)) throw error;
      }
    },

    async remove(documents, signal) {
      let removed = 0;
      for (let at = 0; at < documents.length; at += PAGE_DOCUMENTS) {
        const some = documents.slice(at, at + PAGE_DOCUMENTS);
        const lines = some.map(
          ({ index, id }) => `${JSON.stringify({ delete: { _index: index, _id: id } })}\n`,
        );
        const answer = await elasticsearch.bulk(lines.join(""), {
          pipeline: null,
          operations: some.length,
          signal,
        });
        if ("failure" in answer) {
          const { failure } = answer;
          const refusal =
            failure.kind === "response" ? answeredText(failure.status, failure.error) : failure.message;
          return { removed, refusal };
        }
        // 404: somebody else was faster.
        const left = answer.items.filter(({ status }) => status >= 300 && status !== 404);
        removed += answer.items.length - left.length;
        const [first] = left;
        if (first !== undefined) return { removed, refusal: answeredText(first.status, first.error) };
      }
      return { removed, refusal: null };
    },
  };

  /** Also after a signal. It would expire by itself. */
  async function close(id: string): Promise<void> {
    const question = { method: "DELETE", path: "/_pit", body: { id }, timeoutMs: TIMEOUT_MS } as const;
    await ask(question, AbortSignal.timeout(TIMEOUT_MS)).catch((error: unknown) => {
      if (!(error instanceof PenstockError)) throw error;
    });
  }
}

function storeOf(stream: string): string {
  return `/${encodeURIComponent(stream)}::failures`;
}

/** Where the next page begins; null after a page that holds less than it could. */
function lastSort(answer: unknown): unknown {
  const outer = isObject(answer) ? answer["hits"] : null;
  const hits: readonly unknown[] = isObject(outer) && Array.isArray(outer["hits"]) ? outer["hits"] : [];
  const last = hits.at(-1);
  return hits.length === PAGE_DOCUMENTS && isObject(last) ? (last["sort"] ?? null) : null;
}

function refused(what: string): PenstockError {
  return new PenstockError("elasticsearch_refused", `Elasticsearch's answer to ${what}`);
}
