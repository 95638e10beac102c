import { expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { createFailureStores } from "../../../../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";

const { signal } = new AbortController();

test("nothing is searched in a part of a failure store: what the other shards have would look as if it were not there", async () => {
  const searches: Question[] = [];
  const stores = createFailureStores({
    ask(question) {
      if (question.path.endsWith("_search")) searches.push(question);
      return Promise.resolve(question.path.endsWith("_pit") ? { id: "p" } : { aggregations: {} });
    },
    bulk: () => Promise.reject(new Error("nothing is deleted")),
  });
  await stores.contents("logs", null, signal);
  await stores.find("logs", ["app:0:1:a"], signal);
  await stores.each("logs", { topic: null, error: null, sinceMs: null }, async () => {}, signal);
  expect(searches.map(({ path, querystring }) => [path, querystring])).toEqual(
    ["/logs::failures/_search", "/logs::failures/_search", "/_search"].map((path) => [
      path,
      { allow_partial_search_results: "false" },
    ]),
  );
});
