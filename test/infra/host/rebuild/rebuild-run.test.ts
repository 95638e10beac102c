import { expect, test } from "bun:test";
import { runRebuild, type RebuildRunDeps } from "../../../../infra/host/rebuild/rebuild-run.ts";
import { bareSpecification } from "../../../../lib/rules/model/specification.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import type { RebuildOrder, RebuildPosition } from "../../../../lib/rules/rebuild/rebuild.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { eventually } from "../../../support/eventually.ts";
import { rebuildOrder, rebuildPosition } from "../../../support/rebuilds.ts";
import { sourceRecord } from "../../../support/records.ts";

/** One partition with records at 0…99. What was written, by index, and the stored positions are kept. */
function world(changes: Partial<RebuildRunDeps> = {}, stored: readonly RebuildPosition[] = []) {
  const written: [index: string, offset: number][] = [];
  const positions: RebuildPosition[] = [];
  const deps: RebuildRunDeps = {
    positions: async () => new Map(stored.map((one) => [one.partition, one])),
    store: async (some) => void positions.push(...some),
    committed: () => null,
    ranges: async () => new Map([[0, { start: 0, end: 100 }]]),
    async readSpans(spans, onBatch) {
      for (const [partition, { start, end }] of spans) {
        const records = Array.from({ length: end - start }, (_, n) => ({
          ...sourceRecord("line"),
          partition,
          offset: start + n,
        }));
        await onBatch({ partition, records, start, end });
      }
    },
    async ingest({ index }, records: readonly SourceRecord[]) {
      for (const { offset } of records) written.push([index, offset]);
      const outcomes = records.map(() => "indexed" as const);
      return { outcomes, retry: null };
    },
    fault: () => null,
    turn: async () => () => {},
    time: { ...systemTime, after: (_, act) => systemTime.after(1, act) },
    ...changes,
  };
  const run = async (order: RebuildOrder, isDone: (last: RebuildPosition) => boolean) => {
    const life = new AbortController();
    const ended = runRebuild(
      { spec: { ...bareSpecification("app"), index: "app" }, order, partitions: [0] },
      deps,
      life.signal,
    );
    const last = await eventually("the position", () => {
      const at = positions.at(-1);
      return at !== undefined && isDone(at) ? at : null;
    });
    life.abort(new Error("enough"));
    await ended;
    return last;
  };
  return { run, written, positions };
}
const offsetsIn = (written: readonly [string, number][], index: string): number[] =>
  written.flatMap(([name, offset]) => (name === index ? [offset] : []));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

test("reads from where it was, into the new index only", async () => {
  const { run, written } = world({}, [rebuildPosition({ next: 40 })]);
  const last = await run(rebuildOrder, ({ next }) => next === 100);
  expect(offsetsIn(written, "app-2")).toEqual(range(40, 100));
  expect(offsetsIn(written, "app-1")).toEqual([]);
  expect(last.counts).toEqual({ indexed: 60, duplicate: 0, deadLettered: 0, skipped: 0 });
});

test("once both are filled, it first goes back to where the live index was, and only once", async () => {
  const both = { ...rebuildOrder, both: true };
  const first = world({ committed: () => 70 }, [rebuildPosition({ next: 90 })]);
  expect(await first.run(both, ({ next }) => next === 100)).toMatchObject({ both: true });
  expect(offsetsIn(first.written, "app-1")).toEqual(range(70, 100));
  expect(offsetsIn(first.written, "app-2")).toEqual(range(70, 100));

  const again = world({ committed: () => 70 }, [rebuildPosition({ next: 90, both: true })]);
  await again.run(both, ({ next }) => next === 100);
  expect(offsetsIn(again.written, "app-1")).toEqual(range(90, 100));
});

test("if nobody knows where the live index was, it begins again", async () => {
  const { run, written } = world({}, [rebuildPosition({ next: 90, start: 10 })]);
  await run({ ...rebuildOrder, both: true }, ({ next }) => next === 100);
  expect(offsetsIn(written, "app-1")).toEqual(range(10, 100));
});

test("what Kafka has deleted meanwhile is counted, and passed over", async () => {
  const ranges = async () => new Map([[0, { start: 50, end: 100 }]]);
  const { run, written } = world({ ranges }, [rebuildPosition({ next: 20 })]);
  expect(await run(rebuildOrder, ({ next }) => next === 100)).toMatchObject({ lost: 30, start: 0 });
  expect(offsetsIn(written, "app-2")).toEqual(range(50, 100));
});

test("a partition has caught up once it had all that was in Kafka when its turn began", async () => {
  const turns = [300_000, 300_100];
  const { run, positions } = world(
    {
      ranges: async () => new Map([[0, { start: 0, end: turns.shift() ?? 300_100 }]]),
      readSpans: async () => {},
    },
    [rebuildPosition({ reached: false })],
  );
  const last = await run(rebuildOrder, ({ reached }) => reached);
  expect(last.next).toBe(300_100);
  expect(positions.filter(({ reached }) => !reached).map(({ next }) => next)).toContain(200_000);
});

test("a failure is told in the position and leaves it where it was; then it goes on", async () => {
  let failures = 2;
  const { run, positions } = world({
    fault: () => (failures-- > 0 ? "the index is away" : null),
  });
  const last = await run(rebuildOrder, ({ next, trouble }) => next === 100 && trouble === null);
  expect(last.counts.indexed).toBe(100);
  expect(positions.find(({ trouble }) => trouble !== null)).toMatchObject({
    next: 0,
    trouble: "the index is away",
  });
});
