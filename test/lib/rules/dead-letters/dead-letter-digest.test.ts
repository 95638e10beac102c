import { expect, test } from "bun:test";
import { DigestCounter } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { sourceRecord } from "../../../support/records.ts";

const badNumber = { type: "document_parsing_exception", reason: "failed to parse field [n] of type [long]" };

function letter(offset: number, error = badNumber, topic = "app", value: string | null = `v${offset}`) {
  return { topic, index: topic, record: sourceRecord(value, { offset }), error, failedAt: 1_000 * offset };
}

test("counts letters by topic, field and error, the most frequent first, with the first as a sample", () => {
  const counter = new DigestCounter();
  counter.add(letter(1, badNumber, "other"));
  counter.add(letter(2));
  counter.add(letter(3, { ...badNumber, reason: "failed to parse field [n] of type [long], again" }));
  counter.add(letter(4, { ...badNumber, reason: "failed to parse field [m] of type [long]" }));
  counter.add(letter(5, { type: "invalid_timestamp", reason: "the timestamp" }, "app", null));
  const { groups, others } = counter.digest();
  expect(others).toBe(0);
  expect(groups.map(({ topic, field, error, count }) => [topic, field, error, count])).toEqual([
    ["app", "n", "document_parsing_exception", 2],
    ["other", "n", "document_parsing_exception", 1],
    ["app", "m", "document_parsing_exception", 1],
    ["app", null, "invalid_timestamp", 1],
  ]);
  expect(groups[0]?.sample).toEqual({
    topic: "app",
    partition: 0,
    offset: 2,
    reason: badNumber.reason,
    value: "v2",
  });
  expect(groups[3]?.sample.value).toBeNull();
});

test("a group has the times of its first and last letter, in whatever order they are read", () => {
  const counter = new DigestCounter();
  for (const offset of [5, 2, 9, 4]) counter.add(letter(offset));
  counter.add(letter(7, badNumber, "other"));
  expect(counter.digest().groups).toMatchObject([
    { topic: "app", firstSeen: "1970-01-01T00:00:02.000Z", lastSeen: "1970-01-01T00:00:09.000Z" },
    { topic: "other", firstSeen: "1970-01-01T00:00:07.000Z", lastSeen: "1970-01-01T00:00:07.000Z" },
  ]);
});

test("the same field with another error is another group, whatever the names contain", () => {
  const counter = new DigestCounter();
  counter.add(letter(1, { type: 'a","b', reason: "" }));
  counter.add(letter(2, { type: "a", reason: "" }));
  expect(counter.digest().groups).toBeArrayOfSize(2);
});

test("keeps at most the allowed number of groups, and counts the rest", () => {
  const counter = new DigestCounter(2);
  for (const topic of ["a", "b", "c", "a", "c"]) counter.add(letter(1, badNumber, topic));
  const { groups, others } = counter.digest();
  expect(groups.map(({ topic, count }) => [topic, count])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(others).toBe(2);
});

test("a sample has at most 200 characters of the value, and no half of one", () => {
  const counter = new DigestCounter();
  counter.add(letter(1, badNumber, "a", "é".repeat(5_000)));
  counter.add(letter(1, badNumber, "b", `x${"😀".repeat(5_000)}`));
  const values = counter.digest().groups.map(({ sample }) => sample.value);
  expect(values).toEqual(["é".repeat(200), `x${"😀".repeat(99)}`]);
});
