import { expect, test } from "bun:test";
import { digestDeadLetters } from "../../functions/digest-dead-letters.ts";
import { deadLetterOf } from "../../lib/rules/dead-letters/dead-letter.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { rejection } from "../support/rejection.ts";
import { sourceRecord } from "../support/records.ts";
import { noFailureStores } from "../support/failure-stores.ts";
import { noneGaveWay } from "../support/gave-way.ts";

const everything = { topic: null, error: null, sinceMs: null };

/** A topic `dead` with letters at offsets 0 to `count` in each of two partitions. */
function letters(count: number): FakeReader {
  const reader = new FakeReader();
  reader.batchRecords = 2;
  for (const partition of [0, 1]) {
    for (let offset = 0; offset < count; offset += 1) {
      const { key, value, headers } = deadLetterOf({
        topic: `app-${offset % 2}`,
        record: sourceRecord("v", { offset, partition }),
        rejection: { status: 400, type: "t", reason: "failed to parse field [n]", index: "app" },
        attempts: 1,
        failedAt: 0,
      });
      reader.put("dead", { partition, offset, timestamp: 0, key, value, headers });
    }
  }
  return reader;
}

const ignoredFields = () => Promise.resolve(noneGaveWay);
const failureStores = () => Promise.resolve(noFailureStores);
const findHolders = () => Promise.resolve({ holders: new Map<string, string>(), problems: [] });
const never = new AbortController().signal;

test("counts all letters by what they have in common", async () => {
  const deps = {
    reader: letters(5),
    onProgress: () => {},
    signal: never,
    deadline: null,
    ignoredFields,
    failureStores,
    findHolders,
  };
  const result = await digestDeadLetters({ topic: "dead", filter: everything, newest: null }, deps);
  expect(result).toMatchObject({ read: 10, letters: 10, truncated: false, others: 0, gaveWay: noneGaveWay });
  expect(result.groups.map(({ topic, count }) => [topic, count])).toEqual([
    ["app-0", 6],
    ["app-1", 4],
  ]);
  const one = await digestDeadLetters(
    { topic: "dead", filter: { ...everything, topic: "app-1" }, newest: null },
    deps,
  );
  expect(one).toMatchObject({ read: 10, filteredOut: 6, letters: 4 });
});

test("with too many letters, counts the newest of every partition", async () => {
  const reader = letters(5);
  const deps = {
    reader,
    onProgress: () => {},
    signal: never,
    deadline: null,
    ignoredFields,
    failureStores,
    findHolders,
  };
  const result = await digestDeadLetters({ topic: "dead", filter: everything, newest: 4 }, deps);
  expect(result).toMatchObject({ read: 4, letters: 4, truncated: true });
  expect(reader.reads).toEqual([
    { topic: "dead", partition: 0, start: 3, end: 5 },
    { topic: "dead", partition: 1, start: 3, end: 5 },
  ]);
});

test("a deadline ends it with the count so far; an abort makes it fail", async () => {
  const deadline = new AbortController();
  const deps = {
    reader: letters(5),
    onProgress: ({ read }: { read: number }) => {
      if (read >= 4) deadline.abort(new Error("late"));
    },
    signal: never,
    deadline: deadline.signal,
    ignoredFields,
    failureStores,
    findHolders,
  };
  const input = { topic: "dead", filter: everything, newest: null };
  expect(await digestDeadLetters(input, deps)).toMatchObject({ read: 4, letters: 4, truncated: true });
  const stop = new Error("stop");
  const stopped = { ...deps, signal: AbortSignal.abort(stop), deadline: null };
  expect(await rejection(digestDeadLetters(input, stopped))).toBe(stop);
});
