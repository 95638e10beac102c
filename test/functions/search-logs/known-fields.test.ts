import { expect, test } from "bun:test";
import { meantParts } from "../../../functions/search-logs/known-fields.ts";
import { parseQuery } from "../../../lib/rules/search/grammar/parse.ts";

test("a part of several tests is proposed once, and equal parts in several places each", async () => {
  const fields = new Map([["kafka.topic", { types: ["keyword"], mappedIn: 1 }]]);
  const meant = async (query: string) =>
    meantParts(parseQuery(query), ["app"], () => Promise.resolve({ indices: 1, fields }));
  expect(await meant("topic:(a or b)")).toHaveLength(1);
  expect(await meant("topic:(a or b) topic:c topic:c")).toHaveLength(3);
});
