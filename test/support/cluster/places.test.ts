import { expect, test } from "bun:test";
import { offsetsPartitionOf } from "./places.ts";

// Java: "abc".hashCode() is 96354, "polygenelubricants".hashCode() the smallest int, whose sign Kafka masks.
test.each([
  ["abc", 96_354 % 8],
  ["polygenelubricants", 0],
  ["", 0],
  ["penstock", 328_797_597 % 8],
])("the commits of %j are where Java's hash says", (group, partition) => {
  expect(offsetsPartitionOf(group)).toBe(partition);
});
