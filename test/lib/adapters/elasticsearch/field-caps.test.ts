import { expect, test } from "bun:test";
import type { Elasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { fieldCaps } from "../../../../lib/adapters/elasticsearch/field-caps.ts";
import { mappedField } from "../../../../lib/rules/search/grammar/mapping.ts";

type Ask = Elasticsearch["askForText"];

const keyword = { keyword: { type: "keyword" } };

/** Of two indices, `b` does not map `user`. Its answer is too long if it names them. */
function asked(isTooLong: (unmapped: boolean) => boolean) {
  const unmappedAsked: boolean[] = [];
  const askForText: Ask = async ({ querystring }) => {
    const unmapped = querystring?.["include_unmapped"] === "true";
    unmappedAsked.push(unmapped);
    if (isTooLong(unmapped)) return { text: null };
    const user = unmapped ? { keyword: { indices: ["a"] }, unmapped: { indices: ["b"] } } : keyword;
    return { text: JSON.stringify({ indices: ["a", "b"], fields: { user, "user.@words": keyword } }) };
  };
  const result = fieldCaps({ askForText }, ["*"], ["user", "user.@words"], new AbortController().signal);
  return { result, unmappedAsked };
}

test("tells in how many indices a field is mapped", async () => {
  const { result, unmappedAsked } = asked(() => false);
  expect((await result)?.fields.get("user")).toEqual({ types: ["keyword"], mappedIn: 1 });
  expect((await result)?.fields.get("user.@words")).toEqual({ types: ["keyword"], mappedIn: 2 });
  expect(unmappedAsked).toEqual([true]);
});

test("asks without the names of all indices if they make the answer too long", async () => {
  const { result, unmappedAsked } = asked((unmapped) => unmapped);
  const caps = await result;
  expect(unmappedAsked).toEqual([true, false]);
  expect(caps?.fields.get("user")).toEqual({ types: ["keyword"], mappedIn: null });
  // Whether every index has its words is unknown: they must not decide.
  expect(caps && mappedField("user", caps)?.words).toEqual({ name: "user.@words", isEverywhere: false });
});

test("answers nothing if even that is too long", async () => {
  expect(await asked(() => true).result).toBeNull();
});
