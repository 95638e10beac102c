import { expect, test } from "bun:test";
import { storedTopics } from "../../../functions/search-logs/stored-topics.ts";

const answer = (others: number) =>
  JSON.stringify({
    _shards: { total: 2, failed: 0 },
    aggregations: { topics: { sum_other_doc_count: others, buckets: [{ key: "app" }, { key: "gone" }] } },
  });
const found = (others: number) =>
  storedTopics({ declared: new Map([["app", {}]]), about: null }, () => Promise.resolve(answer(others)));

test("topics with records that nobody declares, and whether there are more than were looked at", async () => {
  expect(await found(0)).toEqual({ undeclared: ["gone"], problems: [] });
  expect(await found(7)).toEqual({
    undeclared: ["gone"],
    problems: ["Only the first 1,000 topics with records, in alphabetical order, were looked at."],
  });
});
