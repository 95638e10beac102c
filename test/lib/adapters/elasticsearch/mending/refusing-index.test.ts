import { expect, test } from "bun:test";
import type { Elasticsearch, Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import {
  isNameTaken,
  makeChange,
  refreshIndex,
} from "../../../../../lib/adapters/elasticsearch/mending/refusing-index.ts";
import { type ErrorCode, PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { rejection } from "../../../../support/rejection.ts";

const { signal } = new AbortController();
const change = { method: "POST", path: "/logs/_rollover", body: { mappings: {} } } as const;

/** @param code of the error that each request ends with; null: each is answered */
function clientThat(code: ErrorCode | null) {
  const asked: Question[] = [];
  const ask: Elasticsearch["ask"] = (question) => {
    asked.push(question);
    return code === null ? Promise.resolve({}) : Promise.reject(new PenstockError(code, "it failed"));
  };
  return { asked, ask };
}

test("a change is sent to one node only, and for longer than Elasticsearch takes for it", async () => {
  const client = clientThat(null);
  await makeChange(client, change, signal);
  expect(client.asked).toMatchObject([{ ...change, once: true }]);
  expect(client.asked[0]?.timeoutMs).toBeGreaterThan(60_000);
});

test("a change without an answer may have been made; one that is refused was not", async () => {
  const lost = await rejection(makeChange(clientThat("elasticsearch_unavailable"), change, signal));
  expect(lost).toMatchObject({ code: "elasticsearch_unavailable" });
  expect(String(lost)).toContain("it failed; the change may have been made all the same");
  const refused = await rejection(makeChange(clientThat("elasticsearch_refused"), change, signal));
  expect(String(refused)).toEndWith("it failed");
});

test("a name is taken if something answers to it, and free if the user may not see it", async () => {
  expect(await isNameTaken(clientThat(null), "logs-mended", signal)).toBe(true);
  expect(await isNameTaken(clientThat("elasticsearch_refused"), "logs-mended", signal)).toBe(false);
  const unknown = await rejection(isNameTaken(clientThat("elasticsearch_unavailable"), "logs", signal));
  expect(unknown).toMatchObject({ code: "elasticsearch_unavailable" });
});

test("a refresh that fails on a shard is none: what that has would look missing", async () => {
  await refreshIndex(clientThat(null), "logs", signal);
  const ask = () => Promise.resolve({ _shards: { total: 2, failed: 1 } });
  expect(await rejection(refreshIndex({ ask }, "logs", signal))).toMatchObject({
    code: "elasticsearch_unavailable",
  });
});
