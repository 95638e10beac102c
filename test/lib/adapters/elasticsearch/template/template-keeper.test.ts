import { expect, test } from "bun:test";
import type { ElasticsearchAnswer } from "../../../../../lib/adapters/elasticsearch/transport/transport.ts";
import { createTemplateKeeper } from "../../../../../lib/adapters/elasticsearch/template/template-keeper.ts";
import { createFittedForm } from "../../../../../lib/adapters/elasticsearch/template/template.ts";
import { targetKey } from "../../../../../lib/rules/template/template-target.ts";
import { settings } from "../../../../support/settings.ts";

const signal = AbortSignal.timeout(20_000);
const pattern = "logs*";
const none: ElasticsearchAnswer = { failure: { kind: "response", status: 404, error: null } };

/** Elasticsearch with one template, whose answers wait for `opened`. */
function keeperOver() {
  let stored: object | null = null;
  let opened = Promise.withResolvers<void>();
  opened.resolve();
  const keeper = createTemplateKeeper(
    () => async (method, path, body) => {
      await opened.promise;
      if (method === "PUT" && path.startsWith("/_index_template/") && body !== undefined) stored = body;
      if (method !== "GET") return { body: {} };
      const isStored = path.startsWith("/_index_template/") && stored !== null;
      return isStored ? { body: { index_templates: [{ index_template: stored }] } } : none;
    },
    createFittedForm(settings().elasticsearch.template),
    { ensure: () => Promise.resolve(new Map()), tryOut: () => Promise.resolve(new Map()) },
    () => 0,
  );
  return {
    keeper,
    hasTemplate: () => stored !== null,
    lose: () => void (stored = null),
    /** Gives no answer until `answer`. */
    hold: () => void (opened = Promise.withResolvers()),
    answer: () => opened.resolve(),
  };
}

test("after a loss, every bulk waits until the template was checked, not only the first", async () => {
  const { keeper, hasTemplate, lose, hold, answer } = keeperOver();
  await keeper.ensure([pattern], signal);
  // The first bulk after the pattern was accepted checks once more.
  expect(await keeper.failure([pattern], signal)).toBeNull();
  lose();
  hold();
  keeper.recheck();
  const early: number[] = [];
  const bulk = async (n: number): Promise<void> => {
    expect(await keeper.failure([pattern], signal)).toBeNull();
    if (!hasTemplate()) early.push(n);
  };
  const first = bulk(1);
  // The first one's check is on its way.
  await Bun.sleep(0);
  const others = [bulk(2), bulk(3)];
  await Bun.sleep(0);
  answer();
  await Promise.all([first, ...others]);
  expect(early).toEqual([]);
  await keeper.close();
});

test("a loss during a check is checked again", async () => {
  const { keeper, hasTemplate, lose, hold, answer } = keeperOver();
  await keeper.ensure([pattern], signal);
  // The first bulk, and the check after its write, are over.
  for (let n = 0; n < 2; n += 1) expect(await keeper.failure([pattern], signal)).toBeNull();
  hold();
  keeper.recheck();
  const first = keeper.failure([pattern], signal);
  await Bun.sleep(0);
  keeper.recheck();
  answer();
  expect(await first).toBeNull();
  lose();
  expect(await keeper.failure([pattern], signal)).toBeNull();
  expect(hasTemplate()).toBe(true);
  await keeper.close();
});

test("a refused data stream stops its own bulks only, until it is accepted; a loss is checked for streams too", async () => {
  const refused = new Map([["penstock-stream-a", "the name is taken"]]);
  const checked: string[][] = [];
  const keeper = createTemplateKeeper(
    () => async (method) => (method === "GET" ? none : { body: {} }),
    createFittedForm(settings().elasticsearch.template),
    {
      ensure: async (streams) => {
        const keys = streams.map(targetKey);
        checked.push(keys);
        return new Map([...refused].filter(([key]) => keys.includes(key)));
      },
      tryOut: () => Promise.resolve(new Map()),
    },
    () => 0,
  );
  const [a, b] = [
    { stream: "a", retention: null },
    { stream: "b", retention: "30d" },
  ];
  expect(await keeper.ensure([a, b], signal)).toEqual(refused);
  expect(await keeper.failure([targetKey(b)], signal)).toBeNull();
  expect(await keeper.failure([targetKey(a)], signal)).toMatchObject({
    message: expect.stringContaining("the name is taken"),
  });
  refused.clear();
  expect(await keeper.failure([targetKey(a)], signal)).toBeNull();
  // Only what was asked for is checked, and nothing while all is known.
  expect(checked).toEqual([[targetKey(a), targetKey(b)], [targetKey(a)], [targetKey(a)]]);
  keeper.recheck();
  expect(await keeper.failure([targetKey(b)], signal)).toBeNull();
  expect(checked.at(-1)).toEqual([targetKey(a), targetKey(b)]);
  await keeper.close();
});

test("the template of a stream that somebody deleted is written before the stream's next bulk, once", async () => {
  const checked: string[][] = [];
  const keeper = createTemplateKeeper(
    () => async (method) => (method === "GET" ? none : { body: {} }),
    createFittedForm(settings().elasticsearch.template),
    {
      ensure: async (streams) => {
        checked.push(streams.map(targetKey));
        return new Map();
      },
      tryOut: () => Promise.resolve(new Map()),
    },
    () => 0,
  );
  const [a, b] = [
    { stream: "a", retention: null },
    { stream: "b", retention: null },
  ];
  await keeper.ensure([a, b], signal);
  checked.length = 0;
  keeper.lost([targetKey(a), pattern]);
  for (const target of [b, a, a])
    expect(await keeper.failure([targetKey(target), pattern], signal)).toBeNull();
  expect(checked).toEqual([[targetKey(a)]]);
  await keeper.close();
});
