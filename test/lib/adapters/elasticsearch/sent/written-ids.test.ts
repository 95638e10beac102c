import { describe, expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { createWrittenIds } from "../../../../../lib/adapters/elasticsearch/sent/written-ids.ts";
import { rejection } from "../../../../support/rejection.ts";

const { signal } = new AbortController();

/** An Elasticsearch with an index `app`, and a data stream `logs` of two indices: the first was written to for 4 s. */
function elasticsearch(closed: readonly string[] = []) {
  const asked: string[] = [];
  return {
    asked,
    existingIds(index: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
      asked.push(`ids in ${index}`);
      return Promise.resolve(new Set(ids));
    },
    askForText: () => Promise.reject(new Error("nothing is doubled here")),
    ask({ path }: Pick<Question, "path">): Promise<unknown> {
      asked.push(path);
      if (path.startsWith("/_resolve")) {
        return Promise.resolve({
          indices: path.endsWith("/app") ? [{ name: "app" }] : [],
          data_streams: path.endsWith("/logs")
            ? [{ name: "logs", backing_indices: [".ds-logs-000001"] }]
            : [],
        });
      }
      if (path.includes("_settings")) {
        const settings = [".ds-logs-000001", ".ds-logs-000002"].map((name, at) => [
          name,
          {
            settings: {
              index: {
                creation_date: String(1_000 + at * 4_000),
                ...(closed.includes(name) && { verified_before_close: "true" }),
              },
            },
          },
        ]);
        return Promise.resolve(Object.fromEntries(settings));
      }
      return Promise.resolve(path.endsWith("_refresh") ? { _shards: { failed: 0 } } : {});
    },
  };
}

describe("ids that are written again", () => {
  test("in a single index Elasticsearch refuses them itself: no refresh, no comparison", async () => {
    const server = elasticsearch(["app"]);
    const ids = createWrittenIds(server);
    expect([...(await ids.existingIds("app", ["one"], signal, 0))]).toEqual(["one"]);
    await ids.removeExtraCopies("app", ["one"], signal);
    expect(server.asked).toEqual(["/_resolve/index/app", "ids in app", "/_resolve/index/app"]);
  });

  test("behind a data stream, everything written is seen, and compared afterwards", async () => {
    const server = elasticsearch();
    const ids = createWrittenIds(server);
    await ids.existingIds("logs", ["one"], signal, 5_000);
    expect(server.asked.slice(-2)).toEqual(["/logs/_refresh", "ids in logs"]);
    await ids.removeExtraCopies("logs", ["one"], signal);
    expect(server.asked.slice(-2)).toEqual(["/logs/_refresh", "/logs/_search"]);
  });

  test("a name that nothing has yet may become a data stream by the first document", async () => {
    const server = elasticsearch();
    await createWrittenIds(server).removeExtraCopies("new", ["one"], signal);
    expect(server.asked.at(-1)).toBe("/new/_search");
  });

  test("a closed index behind it may hold the ids: an error; a closed day of a pattern does not matter", async () => {
    const closed = createWrittenIds(elasticsearch([".ds-logs-000001"]));
    expect(await rejection(closed.existingIds("logs", ["one"], signal, 4_999))).toHaveProperty(
      "message",
      'index ".ds-logs-000001" behind "logs" is closed: open it, because it may hold the same records',
    );
    // From then on, nothing was written to it any more.
    expect([...(await closed.existingIds("logs", ["one"], signal, 5_000))]).toEqual(["one"]);
    const server = elasticsearch(["logs-2026.01.01"]);
    await createWrittenIds(server).existingIds("logs-*", ["one"], signal, 0);
    expect(server.asked).toEqual(["/logs-*/_refresh", "ids in logs-*"]);
  });
});
