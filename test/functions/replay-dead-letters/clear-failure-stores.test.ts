import { expect, test } from "bun:test";
import {
  clearFailureStores,
  type ClearFailureStoresInput,
} from "../../../functions/replay-dead-letters/clear-failure-stores.ts";
import type {
  FailureStores,
  StoredDocument,
  StreamStore,
} from "../../../lib/rules/dead-letters/failure-stores.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { fakeStores, streamStore } from "../../support/failure-stores.ts";
import { specification } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";

const everything: ClearFailureStoresInput = {
  filter: { topic: null, error: null, sinceMs: null },
  dryRun: false,
};

/** The stream `app` of topic `app`, with documents of these records in its failure store. */
function world(recordIds: readonly string[], store: Partial<StreamStore> = {}) {
  const documents = recordIds.map((recordId, n): StoredDocument => ({
    index: ".fs-app",
    id: `${n}`,
    recordId,
  }));
  const stored = new Map([["app", new Set(documents)]]);
  const there = new Set<string>();
  const stopping = new AbortController();
  const begin = (changes: Partial<FailureStores> = {}, input = everything) =>
    clearFailureStores(input, {
      failureStores: { ...fakeStores([streamStore("app", store)], stored), ...changes },
      specifications: () => [specification({ topic: "app", index: "app" })],
      existingIds: async (_index, ids) => new Set(ids.filter((id) => there.has(id))),
      signal: stopping.signal,
    });
  const left = () => [...(stored.get("app") ?? [])].map(({ recordId }) => recordId);
  return { begin, there, left, stopping };
}

test("documents of records that are in the index are deleted, with a letter or without; others stay and are told apart", async () => {
  const { begin, there, left } = world(["app:0:1:x", "app:0:2:x", "app:0:2:x", "app:0:3:x", "app:0:4:x"]);
  there.add("app:0:1:x");
  const clearing = await begin();
  clearing.hasLetter("app:0:2:x");
  clearing.hasLetter("app:0:3:x");
  await clearing.broughtIn("app", ["app:0:2:x"]);
  expect(await clearing.end()).toEqual({
    cleared: 3,
    wouldClear: 0,
    open: 1,
    openPlaces: [{ topic: "app", partition: 0, offset: 4 }],
    unexamined: 0,
    problems: [],
  });
  expect(left()).toEqual(["app:0:3:x", "app:0:4:x"]);
});

test("a record that a host brought in meanwhile is not open at the end", async () => {
  const { begin, there, left } = world(["app:0:4:x"]);
  const clearing = await begin();
  there.add("app:0:4:x");
  expect(await clearing.end()).toMatchObject({ cleared: 1, open: 0 });
  expect(left()).toEqual([]);
});

test("a dry run counts and deletes nothing", async () => {
  const { begin, there, left } = world(["app:0:1:x", "app:0:2:x"]);
  there.add("app:0:1:x");
  const clearing = await begin({}, { ...everything, dryRun: true });
  await clearing.broughtIn("app", []);
  expect(await clearing.end()).toMatchObject({ cleared: 0, wouldClear: 1, open: 1 });
  expect(left()).toEqual(["app:0:1:x", "app:0:2:x"]);
});

test("a refusal is told once, and ends the deletions in that stream", async () => {
  const { begin, there } = world(["app:0:1:x", "app:0:2:x"]);
  there.add("app:0:1:x");
  let asked = 0;
  const clearing = await begin({
    remove: async () => {
      asked += 1;
      return { removed: 0, refusal: "Elasticsearch answered 403" };
    },
  });
  await clearing.broughtIn("app", ["app:0:2:x"]);
  expect(await clearing.end()).toMatchObject({
    cleared: 0,
    problems: ["Documents in the failure store of app could not be deleted: Elasticsearch answered 403."],
  });
  expect(asked).toBe(1);
});

test("missing privileges are named; without the one to delete, nothing is tried", async () => {
  const unreadable = await (await world(["app:0:1:x"], { readable: false }).begin()).end();
  expect(unreadable.problems).toEqual([expect.stringContaining("read_failure_store is missing on app")]);
  const { begin, there, left } = world(["app:0:1:x"], { clearable: false });
  there.add("app:0:1:x");
  const kept = await (await begin()).end();
  expect(kept).toMatchObject({
    cleared: 0,
    problems: [expect.stringContaining("privilege delete is missing")],
  });
  expect(left()).toEqual(["app:0:1:x"]);
});

test("if Elasticsearch does not answer, that is a problem of the result; a signal ends it", async () => {
  const { begin, stopping } = world(["app:0:1:x"]);
  const silent = async () =>
    Promise.reject(new PenstockError("elasticsearch_unavailable", "no node answers"));
  expect(await (await begin({ survey: silent })).end()).toMatchObject({
    problems: ["The failure stores could not be looked at: no node answers."],
  });
  expect(await (await begin({ each: silent })).end()).toMatchObject({
    problems: ["The failure store of app could not be read: no node answers."],
  });
  const stop = new Error("stop");
  stopping.abort(stop);
  expect(await rejection(begin({ survey: silent }))).toBe(stop);
});
