import { expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { openForeignIndex } from "../../../../../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import { rejection } from "../../../../support/rejection.ts";

test("an index of which a shard was not refreshed is not compared: its newest documents would look missing", async () => {
  const ask = ({ path }: Question): Promise<unknown> =>
    Promise.resolve(
      path.startsWith("/_resolve/")
        ? { indices: [{ name: "logs", attributes: ["open"] }], aliases: [], data_streams: [] }
        : path.endsWith("/_refresh")
          ? { _shards: { total: 2, failed: 1 } }
          : path.endsWith("/_pit")
            ? { id: "p" }
            : {},
    );
  const opened = openForeignIndex({ ask }, "logs", new AbortController().signal);
  expect(await rejection(opened)).toMatchObject({
    code: "elasticsearch_unavailable",
    message: "the refresh failed on 1 shards",
  });
});
