import { expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { findHolders } from "../../../../../lib/adapters/elasticsearch/mending/holders.ts";

const { signal } = new AbortController();

function server(hits: readonly { readonly _id: string; readonly _index: string }[]) {
  const asked: Question[] = [];
  return {
    asked,
    ask(question: Question): Promise<unknown> {
      asked.push(question);
      return Promise.resolve(hits.length === 0 ? {} : { hits: { hits } });
    },
  };
}

test("says which index has which document; an answer without hits means none", async () => {
  const found = await findHolders(server([{ _id: "a", _index: "logs-1" }]), ["logs"], ["a", "b"], signal);
  expect([...found]).toEqual([["a", "logs-1"]]);
  expect((await findHolders(server([]), null, ["a"], signal)).size).toBe(0);
});

test("a missing shard is an error, and does not look as if its documents did not exist", async () => {
  const elasticsearch = server([]);
  await findHolders(elasticsearch, null, ["a"], signal);
  expect(elasticsearch.asked).toMatchObject([
    { path: "/*/_search", querystring: { allow_partial_search_results: "false" } },
  ]);
});
