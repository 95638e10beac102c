import { expect, test } from "bun:test";
import { logFields } from "../../functions/log-fields.ts";
import type { FieldCaps } from "../../lib/rules/search/grammar/mapping.ts";
import { parseQuery } from "../../lib/rules/search/grammar/parse.ts";
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
      rebuilt: null,
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

const values = (shards: object) =>
  JSON.stringify({
    _shards: { total: 2, failed: 0, ...shards },
    aggregations: {
      some: { doc_count: 2, has0: { doc_count: 2 }, top0: { buckets: [{ key: "web", doc_count: 2 }] } },
    },
  });
const tooMany = {
  failed: 1,
  failures: [
    { reason: { type: "query_shard_exception", reason: "field expansion matches too many fields" } },
  ],
};

test("values are counted in few fields if an index has too many for the words", async () => {
  const answers = [
    searchAnswer([answeredHit({ offset: 1, source: '{"app":"web"}' })]),
    values(tooMany),
    values({}),
  ];
  const bodies: string[] = [];
  const result = await logFields(
    {
      topics: ["app"],
      query: parseQuery("timeout"),
      fromMs: 0,
      toMs: 1,
      managed: true,
      rebuilt: null,
      inForce: new Map([["app", specification()]]),
    },
    {
      search: (_, body) => Promise.resolve(answers[bodies.push(JSON.stringify(body)) - 1] ?? null),
      fieldCaps: () =>
        Promise.resolve({ indices: 1, fields: new Map([["app", { types: ["keyword"], mappedIn: null }]]) }),
    },
  );
  expect(result).toMatchObject({ problems: [], fields: [{ name: "app", values: [{ value: "web" }] }] });
  expect(bodies.map((body) => body.includes('"fields":["message"'))).toEqual([false, false, true]);
});
