import { expect, test } from "bun:test";
import { createOutbox } from "../../../../infra/host/history/outbox.ts";
import type { HistoryEntry } from "../../../../lib/adapters/kafka/history/send-entries.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";

function setUp() {
  const logger = createMemoryLogger();
  const written: string[] = [];
  let refusal: string | null = null;
  const writer = {
    append: async (
      entries: readonly HistoryEntry[],
      _signal: AbortSignal,
      onSettled: (entries: readonly HistoryEntry[]) => void,
    ) => {
      for (const entry of entries) {
        if (refusal !== null && !entry.value.startsWith("fits")) throw new Error(refusal);
        written.push(entry.value);
        onSettled([entry]);
      }
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

test("what Kafka took before it refused the rest is not written again", async () => {
  const { written, put, flush, refuse } = setUp();
  refuse("no leader");
  put("fits", "rest");
  await flush();
  refuse(null);
  await flush();
  expect(written).toEqual(["fits", "rest"]);
});

test("a write that never ends holds up nobody who waits no longer", async () => {
  const asked: string[] = [];
  const outbox = createOutbox({
    time: systemTime,
    logger: createMemoryLogger(),
    writer: () => ({
      append: (entries) => {
        asked.push(...entries.map(({ value }) => value));
        return new Promise(() => {});
      },
      close: () => Promise.resolve(),
    }),
  });
  outbox.put([{ lane: "lasting", value: "1" }]);
  void outbox.flush(new AbortController().signal);
  outbox.put([{ lane: "lasting", value: "2" }]);
  const impatient = new AbortController();
  const waiting = outbox.flush(impatient.signal);
  impatient.abort(new Error("the host is stopping"));
  await waiting;
  expect(asked).toEqual(["1"]);
});
