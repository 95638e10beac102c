import { expect, test } from "bun:test";
import { maxDocumentBytes, readLogDocument } from "../../functions/read-log-document.ts";
import { specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { answeredHit, searchAnswer } from "../support/search-answer.ts";

const inForce = new Map([["app", specification({ index: "app-{yyyy.MM.dd}" })]]);
const input = { topic: "app", id: "app:0:9:x", inForce, managed: true };

function read(...answers: readonly (string | null)[]) {
  const asked: { indices: readonly string[]; body: object }[] = [];
  const search = (indices: readonly string[], body: object) => {
    asked.push({ indices, body });
    return Promise.resolve(answers[asked.length - 1] ?? null);
  };
  return { asked, result: readLogDocument(input, { search }) };
}

test("is looked for by id and topic, in the topic's own indices", async () => {
  const source = '{"n":1.000}';
  const { asked, result } = read(searchAnswer([answeredHit({ offset: 9, source })]));
  expect(await result).toEqual({ kind: "document", index: "app-1", raw: source, ignored: [] });
  expect(asked[0]?.indices).toEqual(["app-*"]);
  const text = JSON.stringify(asked[0]?.body);
  expect(text).toContain('{"ids":{"values":["app:0:9:x"]}}');
  expect(text).toContain('{"terms":{"kafka.topic":["app"]}}');
});

test("lists the fields that gave way, but not those that are only long", async () => {
  const source = JSON.stringify({ n: "abc", stack: "x".repeat(2_000) });
  const { result } = read(searchAnswer([answeredHit({ offset: 9, source, ignored: ["n", "stack"] })]));
  expect(await result).toMatchObject({ ignored: ["n"] });
});

test("may be missing", async () => {
  expect(await read(searchAnswer([])).result).toEqual({ kind: "missing" });
});

test("is not said to be missing while a shard does not answer, which may have it", async () => {
  const partial = JSON.stringify({
    ...(JSON.parse(searchAnswer([])) as object),
    _shards: { total: 3, failed: 1 },
  });
  expect(await rejection(read(partial).result)).toMatchObject({
    code: "elasticsearch_unavailable",
    message: 'whether topic "app" has document "app:0:9:x" is not known: 1 of 3 shards failed',
  });
  // Nor one that was there a moment ago, too large to be read.
  expect(await rejection(read(null, partial).result)).toMatchObject({ code: "elasticsearch_unavailable" });
});

test("that is too large is reported with its index", async () => {
  const place = searchAnswer([answeredHit({ offset: 9, source: null })]);
  expect(await read(null, place).result).toEqual({ kind: "too large", index: "app-1" });
  const source = JSON.stringify({ m: "x".repeat(maxDocumentBytes) });
  const whole = searchAnswer([answeredHit({ offset: 9, source })]);
  expect(await read(whole).result).toEqual({ kind: "too large", index: "app-1" });
});
