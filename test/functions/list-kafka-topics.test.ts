import { expect, test } from "bun:test";
import { listKafkaTopics, maxListedTopics } from "../../functions/list-kafka-topics.ts";

const names = ["b", "a", "orders", "zoo", "penstock.history"];
const deps = {
  topics: async () => new Map(names.map((name) => [name, 2])),
  countOffsets: async (topics: ReadonlyMap<string, number>) =>
    new Map([...topics.keys()].filter((name) => name !== "zoo").map((name) => [name, 7])),
  isDeclared: (topic: string) => topic === "a",
  isOwn: (topic: string) => topic === "penstock.history",
};

test("topics that nobody declared come first, without Penstock's own; a count that is not known is null", async () => {
  const { topics, ...counts } = await listKafkaTopics({ contains: "", undeclaredOnly: false }, deps);
  expect(counts).toEqual({ total: 5, undeclared: 3, found: 5 });
  expect(topics.map(({ topic, declared, own, records }) => [topic, declared, own, records])).toEqual([
    ["b", false, false, 7],
    ["orders", false, false, 7],
    ["zoo", false, false, null],
    ["a", true, false, 7],
    ["penstock.history", false, true, 7],
  ]);
});

test("filters by name and declaration, and looks up the offsets of what it shows only", async () => {
  const { found, topics } = await listKafkaTopics({ contains: "o", undeclaredOnly: true }, deps);
  expect([found, topics.map(({ topic }) => topic)]).toEqual([2, ["orders", "zoo"]]);
  const many = new Map(Array.from({ length: 500 }, (_, n) => [`t${n}`, 1]));
  let asked = 0;
  const countOffsets = async (some: ReadonlyMap<string, number>) => {
    asked = some.size;
    return new Map<string, number>();
  };
  const of500 = { topics: async () => many, countOffsets, isDeclared: () => false, isOwn: () => false };
  const all = await listKafkaTopics({ contains: "", undeclaredOnly: false }, of500);
  expect([all.found, all.topics.length, asked]).toEqual([500, maxListedTopics, maxListedTopics]);
});
