import { describe, expect, test } from "bun:test";
import type { Question } from "../../../../lib/adapters/elasticsearch/client.ts";
import { removeExtraCopies } from "../../../../lib/adapters/elasticsearch/extra-copies.ts";
import { rejection } from "../../../support/rejection.ts";

const { signal } = new AbortController();

/** Indices by name, with their documents and the time of their creation. */
function elasticsearch(
  indices: Readonly<Record<string, { readonly ids: readonly string[]; readonly createdMs: number }>>,
  status: (index: string) => number = () => 200,
  failedShards = 0,
) {
  const asked: string[] = [];
  const deleted: string[] = [];
  return {
    asked,
    deleted,
    ask({ path, body }: Pick<Question, "path" | "body">): Promise<unknown> {
      asked.push(path);
      if (path.includes("_settings")) {
        const entry = ({ createdMs }: { createdMs: number }) => ({
          settings: { index: { creation_date: String(createdMs) } },
        });
        // One without a time was deleted meanwhile.
        const left = Object.entries(indices).filter(([, { createdMs }]) => !Number.isNaN(createdMs));
        return Promise.resolve(Object.fromEntries(left.map(([name, index]) => [name, entry(index)])));
      }
      if (body === undefined) return Promise.resolve({ _shards: { total: 2, failed: failedShards } });
      const { values } = (body as { query: { ids: { values: string[] } } }).query.ids;
      const hits = Object.entries(indices).flatMap(([_index, { ids }]) =>
        ids.filter((id) => values.includes(id)).map((_id) => ({ _id, _index })),
      );
      return Promise.resolve(hits.length === 0 ? {} : { hits: { hits } });
    },
    askForText({ body }: { readonly body: string }) {
      const items = body
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { delete: { _index: string; _id: string } }).delete)
        .map(({ _index, _id }) => {
          if (status(_index) === 200) deleted.push(`${_index}/${_id}`);
          return { delete: { _index, _id, status: status(_index), error: { reason: "read only" } } };
        });
      return Promise.resolve({ text: JSON.stringify({ items }) });
    },
  };
}

describe("extra copies", () => {
  test("the copy in the oldest index stays, whatever the indices are called", async () => {
    const server = elasticsearch({
      a: { ids: ["one", "two"], createdMs: 3_000 },
      b: { ids: ["one", "three"], createdMs: 1_000 },
      c: { ids: ["one"], createdMs: 2_000 },
    });
    expect(await removeExtraCopies(server, "logs", ["one", "two", "three"], signal)).toBe(2);
    expect(server.deleted.toSorted()).toEqual(["a/one", "c/one"]);
    expect(server.asked.slice(0, 2)).toEqual(["/logs/_refresh", "/logs/_search"]);
  });

  test("the copy that is where its record goes now stays; if there is none, or its index is gone, the oldest one", async () => {
    const server = elasticsearch({
      day1: { ids: ["one", "two", "three"], createdMs: 1_000 },
      day2: { ids: ["one", "two"], createdMs: 2_000 },
      day3: { ids: ["one", "three"], createdMs: NaN },
    });
    const homes = new Map([
      ["one", "day2"],
      ["two", "day4"],
      ["three", "day3"],
    ]);
    const which = { homes, isMeant: (index: string) => index.startsWith("day") };
    expect(await removeExtraCopies(server, "day*", ["one", "two", "three"], signal, which)).toBe(4);
    expect(server.deleted.toSorted()).toEqual(["day1/one", "day2/two", "day3/one", "day3/three"]);
  });

  test("without doubles nothing is deleted, and without ids nothing is asked", async () => {
    const server = elasticsearch({ a: { ids: ["one"], createdMs: 1 } });
    expect(await removeExtraCopies(server, "logs", ["one", "two"], signal)).toBe(0);
    expect(server.asked).toEqual(["/logs/_refresh", "/logs/_search"]);
    expect(await removeExtraCopies(server, "logs", [], signal)).toBe(0);
    expect(server.asked).toHaveLength(2);
  });

  test("a shard that was not refreshed may have a copy that nobody sees yet", async () => {
    const indices = { a: { ids: ["one"], createdMs: 1 }, b: { ids: ["one"], createdMs: 2 } };
    const server = elasticsearch(indices, () => 200, 1);
    expect(await rejection(removeExtraCopies(server, "logs", ["one"], signal))).toMatchObject({
      code: "elasticsearch_unavailable",
      message: "the refresh failed on 1 shards",
    });
    expect(server.deleted).toEqual([]);
  });

  test("a copy that somebody else removed first does not count; one that cannot be deleted is an error", async () => {
    const indices = { a: { ids: ["one"], createdMs: 1 }, b: { ids: ["one"], createdMs: 2 } };
    expect(
      await removeExtraCopies(
        elasticsearch(indices, () => 404),
        "logs",
        ["one"],
        signal,
      ),
    ).toBe(0);
    const refusing = elasticsearch(indices, () => 403);
    expect(await rejection(removeExtraCopies(refusing, "logs", ["one"], signal))).toHaveProperty(
      "message",
      'a second copy of a record could not be deleted from index "b": read only',
    );
  });
});
