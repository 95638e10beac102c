import { expect, test } from "bun:test";
import { followTopic } from "../../functions/follow-topic.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { rejection } from "../support/rejection.ts";

const record = (partition: number, offset: number): SourceRecord => ({
  partition,
  offset,
  timestamp: offset,
  key: null,
  value: Buffer.from("x"),
  headers: [],
});

/** A topic whose partitions have these ranges at each look. */
function follow(
  looks: readonly Readonly<Record<number, readonly [number, number]>>[],
  last = 0,
  limit = 100,
) {
  const seen: string[] = [];
  const ended = new AbortController();
  let look = 0;
  const done = followTopic(
    { topic: "t", last },
    {
      reader: {
        async ranges() {
          const now = looks[Math.min(look, looks.length - 1)] ?? {};
          return new Map(
            Object.entries(now).map(([partition, [start, end]]) => [Number(partition), { start, end }]),
          );
        },
        async readSpans(_topic, spans, onBatch) {
          for (const [partition, { start, end }] of spans) {
            const records = Array.from({ length: end - start }, (_, n) => record(partition, start + n));
            await onBatch({ partition, records, start, end });
          }
        },
      },
      onRecord({ partition, offset }) {
        seen.push(`${partition}:${offset}`);
        return seen.length < limit;
      },
      async wait() {
        look += 1;
        if (look >= looks.length) ended.abort(new Error("ended"));
        ended.signal.throwIfAborted();
      },
      signal: ended.signal,
      deadline: new AbortController().signal,
    },
  );
  return { seen, done };
}

test("the newest come first, then what is added, each once", async () => {
  const { seen, done } = follow([{ 0: [0, 5] }, { 0: [0, 5] }, { 0: [0, 7] }, { 0: [0, 8] }], 2);
  expect(String(await rejection(done))).toContain("ended");
  expect(seen).toEqual(["0:3", "0:4", "0:5", "0:6", "0:7"]);
});

test("an added partition is read from its start, a log made anew too, and what was deleted is passed over", async () => {
  const looks = [{ 0: [0, 5] }, { 0: [0, 5], 1: [0, 1] }, { 0: [0, 2], 1: [3, 4] }] as const;
  const { seen, done } = follow(looks);
  await rejection(done);
  expect(seen).toEqual(["1:0", "0:0", "0:1", "1:3"]);
});

test("it ends once nothing more is wanted", async () => {
  const { seen, done } = follow([{ 0: [0, 0] }, { 0: [0, 9] }, { 0: [0, 20] }], 0, 3);
  await done;
  expect(seen).toEqual(["0:0", "0:1", "0:2"]);
});
