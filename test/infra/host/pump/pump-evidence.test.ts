import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { advance } from "../../../support/fake-time.ts";
import { batch, createPumpWorld, readOn, recordBytes, refusing } from "./pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A pump of one topic whose pipeline refuses some offsets; how often each offset was sent, and how many letters it has. */
function refusingPump(isRefused: (offset: number) => boolean, maxBytes?: number) {
  const sent: number[][] = [];
  const letters = new Map<number, number>();
  let broken = false;
  const world = createPumpWorld({
    maxDocuments: 10,
    ...(maxBytes !== undefined && { maxBytes }),
    ingest: async (records, { proven }) => {
      sent.push(records.map(({ offset }) => offset));
      const result = refusing(records, ({ offset }) => broken || isRefused(offset), proven);
      for (const [position, { offset }] of records.entries())
        if (result.outcomes[position] === "dead-lettered")
          letters.set(offset, (letters.get(offset) ?? 0) + 1);
      return result;
    },
  });
  world.assign(1, { 0: 0 });
  const read = async (offsets: readonly number[]): Promise<void> => {
    await world.accept(batch(offsets));
  };
  return { ...world, sent, letters, read, breakAll: (is: boolean) => void (broken = is) };
}

describe("a record that is refused alone", () => {
  test("waits, and is a dead letter once others were written after it was refused three times", async () => {
    const { pump, read, letters, commits } = refusingPump((offset) => offset === 0);
    await read([0]);
    await advance(5_000, 100);
    expect({ letters: letters.size, trouble: pump.trouble?.retry?.message }).toEqual({
      letters: 0,
      trouble: "refused",
    });
    await read([1]);
    // The others go on; what waits is still shown.
    expect(pump.trouble?.retry?.message).toBe("refused");
    await advance(10_000, 100);
    expect(letters).toEqual(new Map([[0, 1]]));
    expect({ trouble: pump.trouble, offsets: commits.at(-1)?.offsets }).toEqual({
      trouble: null,
      offsets: { 0: 2 },
    });
  });

  test("and more of them than there are bulks at a time, keep nothing from being sent", async () => {
    const { read, letters, commits } = refusingPump((offset) => offset < 6);
    for (let offset = 0; offset < 6; offset += 1) {
      await read([offset]);
      await advance(2_000, 100);
    }
    await read([6]);
    await advance(10_000, 100);
    expect(letters).toEqual(new Map([0, 1, 2, 3, 4, 5].map((offset) => [offset, 1])));
    expect(commits.at(-1)?.offsets).toEqual({ 0: 7 });
  });

  test("keeps no batch out of memory that is larger than its topic's share, and would pass alone", async () => {
    const { pump, accept, letters, commits, budget } = refusingPump(
      (offset) => offset === 0,
      8 * recordBytes,
    );
    await accept(batch([0]));
    await advance(5_000, 100);
    void accept(batch([1, 2, 3, 4, 5]));
    await advance(15_000, 100);
    expect(letters).toEqual(new Map([[0, 1]]));
    expect({ offsets: commits.at(-1)?.offsets, held: budget.usedBytes }).toEqual({
      offsets: { 0: 6 },
      held: 0,
    });
    pump.close();
  });

  test("lets one small batch after another go on while the topic probes, so that they can tell", async () => {
    const { read, letters, sought, commits } = refusingPump((offset) => offset === 0);
    await read([0]);
    await advance(80_000, 100);
    expect(sought).toEqual([[0, 0]]);
    await read([0]);
    await advance(1_000, 100);
    await read([1, 2]);
    await advance(11_000, 100);
    expect(letters).toEqual(new Map([[0, 1]]));
    expect(commits.at(-1)?.offsets).toEqual({ 0: 3 });
  });
});

describe("where everything is refused", () => {
  test("nothing becomes a dead letter, little is held, and all is indexed once it is mended", async () => {
    const world = refusingPump(() => false);
    world.breakAll(true);
    const end = new AbortController();
    const reading = readOn(world, [60], end.signal, 3);
    await advance(200_000, 100);
    expect({ letters: world.letters.size, held: world.budget.usedBytes < 8_000 }).toEqual({
      letters: 0,
      held: true,
    });
    world.breakAll(false);
    await advance(20_000, 100);
    end.abort();
    await advance(1_000, 100);
    await reading;
    expect(world.letters.size).toBe(0);
    expect(world.commits.at(-1)?.offsets).toEqual({ 0: 60 });
    expect(world.log.outcomes.filter((outcome) => outcome === "indexed")).toHaveLength(60);
  });
});

test("what has an outcome is sent once, and has one letter, however often reading begins again", async () => {
  const letters: number[] = [];
  const { pump, accept, assign, sought, commits } = createPumpWorld({
    ingest: async (records) => {
      const outcomes = records.map(({ offset }) => {
        if (offset === 0) return null;
        if (offset % 2 === 1) letters.push(offset);
        return offset % 2 === 1 ? ("dead-lettered" as const) : ("indexed" as const);
      });
      return { outcomes, retry: outcomes.includes(null) ? { code: "unauthorized", message: "403" } : null };
    },
  });
  const all = [0, 1, 2, 3, 4];
  for (let generation = 1; generation <= 3; generation += 1) {
    assign(generation, { 0: 0 });
    await accept(batch(all));
    await advance(5_000, 100);
  }
  await advance(70_000, 100);
  expect(sought).toEqual([[0, 0]]);
  await accept(batch(all));
  await advance(5_000, 100);
  expect({ letters, commits }).toEqual({ letters: [1, 3], commits: [] });
  pump.close();
});
