import { expect, test } from "bun:test";
import type { AssignmentContext } from "kafkajs";
import { readCommitted } from "../../../../lib/adapters/kafka/committed.ts";

/** A group that has these offsets of the topic "app". */
function groupWith(offsets: readonly string[]): AssignmentContext {
  const partitions = offsets.map((offset, partition) => ({ partition, offset, metadata: null }));
  return {
    generationId: 1,
    memberId: "m",
    assigned: [],
    partitionsOf: () => partitions.map(({ partition }) => partition),
    fetchCommitted: () => Promise.resolve([{ topic: "app", partitions }]),
    fetchEndOffsets: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  };
}

test("a position that kafkajs reset is told from one that never was: both hold no offset", async () => {
  expect(await readCommitted(groupWith(["7", "-1", "-2"]), "app")).toEqual([
    { partition: 0, offset: 7, reset: false },
    { partition: 1, offset: null, reset: false },
    { partition: 2, offset: null, reset: true },
  ]);
});
