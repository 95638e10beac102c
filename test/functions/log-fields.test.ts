import { expect, test } from "bun:test";
import { logFields } from "../../functions/log-fields.ts";
import type { FieldCaps } from "../../lib/rules/search/grammar/mapping.ts";
import { specification } from "../support/records.ts";
import { answeredHit, searchAnswer } from "../support/search-answer.ts";

function fieldsOf(sources: readonly string[], caps: FieldCaps | null) {
  const bodies: object[] = [];
  const asked: (readonly string[])[] = [];
  const result = logFields(
    {
      topics: ["app"],
      query: null,
      fromMs: 0,
      toMs: 1,
      managed: true,
      inForce: new Map([["app", specification()]]),
    },
    {
      search: async (_indices, body) => {
        bodies.push(body);
        if (bodies.length === 1)
          return searchAnswer(sources.map((source, offset) => answeredHit({ offset, source })));
        return searchAnswer([], { aggregations: { some: { doc_count: 2, has0: { doc_count: 1 } } } });
      },
      fieldCaps: async (_indices, names) => {
        asked.push(names);
        return caps;
      },
    },
  );
  return { result, asked };
}

test("fields of the newest documents are asked for by name, never as a pattern", async () => {
  const mapping = { types: ["keyword"], mappedIn: 1 };
  const caps = { indices: 1, fields: new Map([["user", mapping]]) };
  const { result, asked } = fieldsOf(['{"user":"a","*":1,"a*":{"b":1}}'], caps);
  expect(await result).toMatchObject({
    documents: 2,
    fields: [{ name: "user", documents: 1 }],
    problems: [],
  });
  expect(asked).toEqual([["user", "user.@words"]]);
});

test("says so if indices are too many to tell how they map fields", async () => {
  const { result } = fieldsOf(['{"user":"a"}'], null);
  expect(await result).toMatchObject({
    documents: 0,
    fields: [],
    problems: [expect.stringContaining("too many indices: name a topic")],
  });
});

test("others have their turn between documents", async () => {
  let [turns, isDone] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await fieldsOf(
    Array.from({ length: 50 }, (_, n) => `{"n":${n}}`),
    null,
  ).result;
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(50);
});
