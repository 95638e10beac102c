import { expect, test } from "bun:test";
import { KafkaJSProtocolError } from "kafkajs";
import { type HistoryEntry, sendEntries } from "../../../../../lib/adapters/kafka/history/send-entries.ts";
import { rejection } from "../../../../support/rejection.ts";

const entry = (lane: HistoryEntry["lane"], value: string): HistoryEntry => ({ lane, value });
const valuesOf = (entries: readonly HistoryEntry[]) => entries.map(({ value }) => value);
const tooLarge = () =>
  new KafkaJSProtocolError(
    Object.assign(new Error("too large"), { type: "MESSAGE_TOO_LARGE", code: 10, retriable: false }),
  );

test("a lane that fails does not hold up the other, and what was sent before is told", async () => {
  const large = "x".repeat(300_000);
  const entries = [
    entry("lasting", "1"),
    entry("minutes", `2${large}`),
    entry("minutes", `3${large}`),
    entry("lasting", "4"),
  ];
  const settled: string[] = [];
  const error = await rejection(
    sendEntries(
      entries,
      async (batch) => {
        if (batch.some(({ value }) => value.startsWith("3"))) throw new Error("no leader");
      },
      (batch) => void settled.push(...valuesOf(batch).map((value) => value.slice(0, 1))),
    ),
  );
  expect(error).toEqual(new Error("no leader"));
  expect(settled.toSorted()).toEqual(["1", "2", "4"]);
});

test("an entry that is too large is left out, the others are sent", async () => {
  const taken: string[] = [];
  const settled: string[] = [];
  const isCut = await sendEntries(
    ["a", "b", "too large", "c"].map((value) => entry("lasting", value)),
    async (batch) => {
      if (batch.some(({ value }) => value === "too large")) throw tooLarge();
      taken.push(...valuesOf(batch));
    },
    (batch) => void settled.push(...valuesOf(batch)),
  );
  expect(isCut).toBe(true);
  expect(taken).toEqual(["a", "b", "c"]);
  expect(settled).toEqual(["a", "b", "too large", "c"]);
});
