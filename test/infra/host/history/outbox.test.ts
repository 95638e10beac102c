import { expect, test } from "bun:test";
import { createOutbox } from "../../../../infra/host/history/outbox.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";

function setUp() {
  const logger = createMemoryLogger();
  const written: string[] = [];
  let refusal: string | null = null;
  const writer = {
    append: async (entries: readonly { readonly value: string }[]) => {
      if (refusal !== null) throw new Error(refusal);
      written.push(...entries.map(({ value }) => value));
    },
    close: () => Promise.resolve(),
  };
  const outbox = createOutbox({ time: systemTime, logger, writer: () => writer });
  const put = (...values: string[]) => outbox.put(values.map((value) => ({ lane: "lasting", value })));
  const flush = () => outbox.flush(new AbortController().signal);
  return { logger, written, outbox, put, flush, refuse: (reason: string | null) => (refusal = reason) };
}

test("what Kafka refuses is kept, in order, and said once", async () => {
  const { logger, written, outbox, put, flush, refuse } = setUp();
  refuse("not allowed");
  put("1");
  await flush();
  put("2");
  await flush();
  expect(outbox.problem).toBe("not allowed");
  refuse(null);
  put("3");
  await flush();
  expect([written, outbox.problem]).toEqual([["1", "2", "3"], null]);
  expect(logger.lines.map(({ level, fields }) => [level, fields?.["error"]])).toEqual([
    ["warn", "not allowed"],
    ["info", undefined],
  ]);
});

test("of too much, the oldest is dropped", async () => {
  const { written, put, flush, refuse } = setUp();
  refuse("away");
  const megabyte = "x".repeat(1024 * 1024);
  for (let at = 0; at < 20; at += 1) {
    put(`${at} ${megabyte}`);
    await flush();
  }
  refuse(null);
  await flush();
  expect(written.map((value) => value.split(" ")[0])).toEqual(["13", "14", "15", "16", "17", "18", "19"]);
});
