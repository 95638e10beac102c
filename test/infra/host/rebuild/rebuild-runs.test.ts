import { expect, test } from "bun:test";
import type { RebuildPacer } from "../../../../infra/host/rebuild/rebuild-pacer.ts";
import { createRebuildRuns, type RebuildKafka } from "../../../../infra/host/rebuild/rebuild-runs.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rebuildOrder } from "../../../support/rebuilds.ts";
import { settings } from "../../../support/settings.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

test("a run ends at once when its order is gone, although nobody has looked at the rebuilds since", async () => {
  const read: AbortSignal[] = [];
  const runs = createRebuildRuns({
    orders: () => ({
      read(signal) {
        read.push(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
      },
      write: () => Promise.resolve(),
    }),
    deadLetters: () => ({ store: () => Promise.resolve() }),
    settings: () => ({ bulk: settings().elasticsearch.bulk }),
    topics: () => [topicStatus({ topic: "app", state: "running", partitions: [partitionStatus()] })],
    kafka: () => ({}) as unknown as RebuildKafka,
    pacer: {} as unknown as RebuildPacer,
    time: systemTime,
    logger: createMemoryLogger(),
  });
  const told = { positions: new Map(), log: new Map(), uuid: "u2", live: "app-1", held: null };
  const known = new Map([["app", { order: rebuildOrder, told }]]);
  runs.keep(known);
  await runs.steer(known);
  runs.keep(known);
  expect(read.map(({ aborted }) => aborted)).toEqual([false]);
  runs.keep(new Map());
  expect(read.map(({ aborted }) => aborted)).toEqual([true]);
  // A look from before.
  await runs.steer(known);
  expect(read).toHaveLength(1);
  runs.keep(known);
  await runs.steer(known);
  expect(read.map(({ aborted }) => aborted)).toEqual([true, false]);
  await runs.end();
});
