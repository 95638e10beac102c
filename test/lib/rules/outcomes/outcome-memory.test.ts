import { describe, expect, test } from "bun:test";
import { OutcomeMemory } from "../../../../lib/rules/outcomes/outcome-memory.ts";

const at = (offset: number, timestamp = 1_000) => ({ offset, timestamp });

/** Partition 0 is committed up to 5. Offsets 7 and 9 have an outcome. */
function remembering(): OutcomeMemory {
  const memory = new OutcomeMemory();
  memory.begin(0, 5, 5);
  memory.add(0, at(7));
  memory.add(0, at(9));
  return memory;
}

describe("an outcome beyond the commit", () => {
  test("is known once when its record is read again", () => {
    const memory = remembering();
    memory.begin(0, 5, 5);
    expect([6, 7, 8, 9].map((offset) => memory.take(0, at(offset)))).toEqual([false, true, false, true]);
    expect(memory.take(0, at(7))).toBe(false);
    expect(memory.take(1, at(9))).toBe(false);
  });

  test("does not apply to the record of a recreated topic", () => {
    expect(remembering().take(0, at(7, 2_000))).toBe(false);
  });

  test("stays known while another host reads the partition, unless that host commits it", () => {
    const memory = remembering();
    memory.begin(0, 8, 8);
    expect([7, 9].map((offset) => memory.take(0, at(offset)))).toEqual([false, true]);
  });

  test.each([
    [4, "set back"],
    [null, "deleted"],
  ])(
    "is forgotten if the group is at %p: its commit was %s, so everything is to be read again",
    (committed) => {
      const memory = remembering();
      memory.begin(0, committed, committed);
      expect(memory.take(0, at(7))).toBe(false);
    },
  );

  test("is compared with the last successful commit", () => {
    const memory = remembering();
    memory.committed(0, 7);
    memory.begin(0, 6, 6);
    expect(memory.take(0, at(9))).toBe(false);
  });

  test("is kept for a group that has committed nothing", () => {
    const memory = new OutcomeMemory();
    memory.begin(0, null, 0);
    memory.add(0, at(3));
    memory.begin(0, null, 0);
    expect(memory.take(0, at(3))).toBe(true);
  });
});

test("remembers at most 250,000 outcomes, and reuses freed room", () => {
  const memory = new OutcomeMemory();
  memory.begin(0, 0, 0);
  for (let offset = 1; offset <= 250_001; offset += 1) memory.add(0, at(offset));
  expect(memory.take(0, at(250_001))).toBe(false);
  expect(memory.take(0, at(250_000))).toBe(true);
  memory.add(0, at(250_001));
  expect(memory.take(0, at(250_001))).toBe(true);
});

test("a commit frees the room of its outcomes", () => {
  const memory = new OutcomeMemory();
  memory.begin(0, 0, 0);
  for (let offset = 1; offset <= 250_000; offset += 1) memory.add(0, at(offset));
  memory.committed(0, 250_001);
  memory.add(0, at(250_002));
  expect([250_000, 250_002].map((offset) => memory.take(0, at(offset)))).toEqual([false, true]);
});
