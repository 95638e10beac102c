import { expect, test } from "bun:test";
import { examineFailureStores } from "../../../functions/diagnose/failure-stores.ts";
import { noFailures } from "../../../lib/rules/dead-letters/failure-stores.ts";
import { fakeStores, streamStore } from "../../support/failure-stores.ts";
import { rejection } from "../../support/rejection.ts";

const none = { ours: noFailures, others: noFailures };
const stores = fakeStores([streamStore("well"), streamStore("sick")], new Map());

test("a failure store that does not answer does not hide what lies in the others", async () => {
  const contents = (stream: string) =>
    stream === "sick" ? Promise.reject(new Error("no shard answers")) : Promise.resolve(none);
  const { signal } = new AbortController();
  const found = await examineFailureStores(
    ["well", "sick"],
    { failureStores: { ...stores, contents } },
    signal,
  );
  expect(found.contents).toEqual(new Map([["well", none]]));
  expect(found.unread).toEqual(new Map([["sick", "no shard answers"]]));
});

test("the signal ends it", async () => {
  const life = new AbortController();
  const end = new Error("no time");
  const contents = () => {
    life.abort(end);
    return Promise.reject(new Error("aborted"));
  };
  const asked = examineFailureStores(["well"], { failureStores: { ...stores, contents } }, life.signal);
  expect(await rejection(asked)).toBe(end);
});
