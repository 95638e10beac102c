import { expect, test } from "bun:test";
import { createTopicTurns } from "../../../infra/host/topic-turns.ts";

test("each topic has a turn of its own, and one that comes gets one", () => {
  const topics = new Map(["a", "b", "c"].map((topic) => [topic, null]));
  const turnOf = createTopicTurns(() => topics);
  const turns = (): number[] => [...topics.keys()].map((topic) => turnOf(topic)).toSorted((a, b) => a - b);
  expect(turns()).toEqual([0, 1, 2]);
  topics.set("d", null);
  expect(turns()).toEqual([0, 1, 2, 3]);
  topics.delete("a");
  topics.set("e", null);
  expect(turnOf("e")).toBeLessThan(4);
  expect(turns()).toEqual([0, 1, 2, 3]);
});
