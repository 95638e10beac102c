import { expect, test } from "bun:test";
import { coverPatterns } from "../../../../../lib/adapters/elasticsearch/template/template-cover.ts";
import type { RequestFailure } from "../../../../../lib/rules/outcomes/bulk-answer.ts";
import { rejection } from "../../../../support/rejection.ts";

const many = Array.from({ length: 10_000 }, (_, n) => `app-${n}`);
const refusal = (reason: string): RequestFailure => ({
  kind: "response",
  status: 400,
  error: { type: "illegal_argument_exception", reason },
});

/** Simulates an Elasticsearch that refuses a template with one of these patterns, and counts requests. */
function refusing(guilty: ReadonlyMap<string, string>) {
  const covered = new Set<string>();
  const seen = { tries: 0, covered };
  const put = (patterns: readonly string[]): Promise<RequestFailure | null> => {
    seen.tries += 1;
    const reason = patterns.flatMap((pattern) => guilty.get(pattern) ?? [])[0];
    if (reason !== undefined) return Promise.resolve(refusal(reason));
    for (const pattern of patterns) covered.add(pattern);
    return Promise.resolve(null);
  };
  return { seen, put };
}

test("all accepted: one request", async () => {
  const { seen, put } = refusing(new Map());
  expect(await coverPatterns(many, put)).toEqual(new Map());
  expect([seen.tries, seen.covered.size]).toEqual([1, many.length]);
});

test("a refusal that names its templates and streams costs one request each", async () => {
  const template =
    "index template [penstock] has index patterns [x] matching patterns from existing templates [t] with patterns (t => [app-77*]) that have the same priority [150], …";
  const stream =
    "composable template [penstock] with index patterns [x], priority [150] and no data stream configuration would cause data streams [app-5] to no longer match a data stream template";
  const { seen, put } = refusing(
    new Map([
      ...many.filter((name) => name.startsWith("app-77")).map((name) => [name, template] as const),
      ["app-5", stream],
    ]),
  );
  const refused = await coverPatterns(many, put);
  // The data stream needs no template of ours, and patterns with similar names are not refused.
  expect([...refused.keys()].every((name) => name.startsWith("app-77"))).toBe(true);
  expect(refused.size).toBe(111);
  expect(seen.covered.size).toBe(many.length - 112);
  expect(seen.tries).toBe(3);
});

test.each([1, 2])("a refusal without names is found by bisection: %d of ten thousand", async (count) => {
  const guilty = many.filter((_, n) => n % 7_000 === 77).slice(0, count);
  const { seen, put } = refusing(new Map(guilty.map((name) => [name, "some pattern is bad"])));
  const refused = await coverPatterns(many, put);
  expect([...refused.keys()]).toEqual(guilty);
  expect(seen.covered.size).toBe(many.length - count);
  expect(seen.tries).toBeLessThanOrEqual(64);
});

test("too many unexplained refusals: the number of requests is limited, and every pattern is covered or refused", async () => {
  const { seen, put } = refusing(new Map(many.map((name) => [name, "the patterns are bad"])));
  const refused = await coverPatterns(many, put);
  expect(seen.tries).toBeLessThan(200);
  expect(refused.size).toBe(many.length);
});

test.each([
  ["another 400", refusal("unknown setting [index.mapping.x]")],
  ["no permission", { kind: "response", status: 403, error: null }],
  ["no server", { kind: "connection", message: "down" }],
] as const)("%s is no pattern's fault, and thrown", async (_, failure) => {
  expect(await rejection(coverPatterns(many, () => Promise.resolve(failure)))).toMatchObject({
    name: "PenstockError",
    retryable: true,
  });
});
