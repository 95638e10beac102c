import { describe, expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { createRebuildIndices } from "../../../../../lib/adapters/elasticsearch/rebuild/rebuild-index.ts";
import { rejection } from "../../../../support/rejection.ts";

const { signal } = new AbortController();

/** @param failed how many of two shards do not answer, by the API */
function indices(failed: Readonly<Record<string, number>> = {}) {
  const asked: string[] = [];
  const ask = ({ path }: Question): Promise<unknown> => {
    asked.push(path);
    const api = path.split("/").at(-1) ?? "";
    return Promise.resolve({ count: 3, _shards: { total: 2, failed: failed[api] ?? 0 } });
  };
  return { asked, indices: createRebuildIndices({ ask }) };
}

describe("a shard that does not answer has documents nobody sees:", () => {
  test("those that Kafka no longer has", async () => {
    const starts = new Map([[0, 5]]);
    expect(await indices().indices.countBelow("app-1", "app", starts, signal)).toBe(3);
    const lacking = indices({ _count: 1 }).indices.countBelow("app-1", "app", starts, signal);
    expect(await rejection(lacking)).toMatchObject({
      code: "elasticsearch_unavailable",
      message: 'the count of index "app-1" failed on 1 shards',
    });
  });

  test.each(["_refresh", "_count"])("those of something else (%s)", async (api) => {
    const whole = indices();
    expect(await whole.indices.documents("app-2", "app", signal)).toEqual({ own: 3, others: 0 });
    expect(whole.asked).toEqual(["/app-2/_refresh", "/app-2/_count", "/app-2/_count"]);
    const lacking = indices({ [api]: 1 }).indices.documents("app-2", "app", signal);
    expect(await rejection(lacking)).toMatchObject({ code: "elasticsearch_unavailable" });
  });
});
