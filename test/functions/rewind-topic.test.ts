import { expect, test } from "bun:test";
import type { StoredOrder } from "../../lib/rules/offsets/order-groups.ts";
import { type RewindDeps, type RewindInput, rewindTopic } from "../../functions/rewind-topic.ts";
import { parseRewindOrder } from "../../lib/rules/offsets/rewind.ts";
import { orderEntry } from "../../lib/rules/rebuild/rebuild.ts";
import { rebuildOrder, rebuildStep } from "../support/rebuilds.ts";
import { rejection } from "../support/rejection.ts";

/** A topic of two partitions, read up to 90 of 100 each, whose hosts carry out orders after some looks. */
function world(changes: Partial<RewindDeps> = {}) {
  let nowMs = Date.UTC(2026, 10, 30, 12);
  let orders: StoredOrder[] = [];
  const written: StoredOrder[][] = [];
  const carryOut = (some: (entry: StoredOrder) => boolean): void => {
    orders = orders.map((entry) =>
      some(entry)
        ? { ...entry, metadata: JSON.stringify({ ...parseRewindOrder(entry.metadata), done: true }) }
        : entry,
    );
  };
  let waits = 0;
  const hosts: { onWait: (waits: number) => void } = { onWait: () => carryOut(() => true) };
  const deps: RewindDeps = {
    isDeclared: (topic) => topic === "app",
    ranges: () => Promise.resolve(new Map([0, 1].map((partition) => [partition, { start: 0, end: 100 }]))),
    committed: () => Promise.resolve(new Map([0, 1].map((partition) => [partition, { offset: 90 }]))),
    offsetsAt: (_, atMs) =>
      Promise.resolve(new Map([0, 1].map((partition) => [partition, atMs === nowMs - 60_000 ? 30 : 0]))),
    readRewinds: () => Promise.resolve(orders),
    writeRewinds(some) {
      written.push([...some]);
      orders = [
        ...orders.filter((one) => !some.some(({ partition }) => partition === one.partition)),
        ...some,
      ];
      return Promise.resolve();
    },
    readRebuilds: () => Promise.resolve([]),
    hosts: () => Promise.resolve(2),
    now: () => nowMs,
    wait(ms) {
      nowMs += ms;
      waits += 1;
      hosts.onWait(waits);
      return Promise.resolve();
    },
    newId: () => `order-${written.length + 1}`,
    ...changes,
  };
  return {
    hosts,
    carryOut,
    written,
    pass: (ms: number) => void (nowMs += ms),
    waits: () => waits,
    run: (input: Partial<RewindInput> = {}) =>
      rewindTopic(
        {
          topic: "app",
          to: { kind: "earliest" },
          partition: null,
          dryRun: false,
          by: "me",
          ...input,
        },
        deps,
      ),
  };
}

test("orders each partition that moves, and waits until all have moved", async () => {
  const { run, written, hosts, carryOut, waits } = world();
  hosts.onWait = (count) => carryOut(({ partition }) => partition === 0 || count > 3);
  const result = await run({ to: { kind: "ago", ms: 60_000 } });
  expect(result).toMatchObject({ action: "moved", again: 120, skipped: 0, waiting: [] });
  expect(result.message).toBe('topic "app" has moved: 120 records are read again');
  expect(waits()).toBe(4);
  expect(written).toEqual([
    [0, 1].map((partition) => ({
      topic: "app",
      partition,
      offset: 30,
      metadata: '{"id":"order-1","by":"me","at":"2026-11-30T12:00:00.000Z","from":90,"done":false}',
    })),
  ]);
});

test("a dry run and the same place: nothing is ordered; forward, it says what is skipped", async () => {
  const { run, written } = world();
  expect(await run({ dryRun: true })).toMatchObject({
    action: "planned",
    again: 180,
    message: 'topic "app" would move: 180 records would be read again; nothing was changed',
  });
  expect(await run({ to: { kind: "offset", offset: 90 }, partition: 1 })).toMatchObject({
    action: "unchanged",
  });
  expect(written).toEqual([]);
  const forward = await run({ to: { kind: "latest" } });
  expect(forward).toMatchObject({ action: "moved", skipped: 20 });
  expect(forward.message).toBe('topic "app" has moved: 20 records are skipped');
});

test("says which partitions have not moved after 30 s; at once if no host runs", async () => {
  for (const [hosts, why, most] of [
    [2, "their hosts have not moved them yet", 200],
    [0, "no host runs", 0],
  ] as const) {
    const topic = world({ hosts: () => Promise.resolve(hosts) });
    topic.hosts.onWait = () => topic.carryOut(({ partition }) => partition === 0);
    const result = await topic.run();
    expect(result).toMatchObject({ action: "waiting", waiting: hosts === 0 ? [0, 1] : [1] });
    expect(result.message).toContain(`will move as soon as a host reads them (${why})`);
    expect(topic.waits()).toBeLessThanOrEqual(most);
    // Not beside another one that is fresh.
    const second = await topic.run({ to: { kind: "offset", offset: 5 }, partition: 1 });
    if (hosts === 0) {
      expect(second.action).toBe("refused");
      expect(second.message).toContain(
        'topic "app", partition 0, is being moved to offset 0 already, ordered by me',
      );
    }
    topic.pass(60_000);
    topic.hosts.onWait = () => topic.carryOut(() => true);
    expect((await topic.run({ to: { kind: "offset", offset: 5 }, partition: 1 })).action).not.toBe("refused");
  }
});

test("another order that takes its place ends the wait", async () => {
  const topic = world();
  const other = { id: "other", by: "you", at: "2026-11-30T12:00:00.000Z", from: 90, done: true };
  let orders: readonly StoredOrder[] = [];
  const fought = world({
    readRewinds: () => Promise.resolve(orders),
    writeRewinds(some) {
      orders = some.map((one) => ({ ...one, metadata: JSON.stringify(other) }));
      return Promise.resolve();
    },
  });
  expect(await fought.run()).toMatchObject({ action: "superseded" });
  expect(await topic.run()).toMatchObject({ action: "moved" });
});

test("what cannot be: not declared, of the future, being rebuilt", async () => {
  const { run } = world();
  expect(await rejection(run({ topic: "else" }))).toMatchObject({ code: "topic_missing" });
  const future = await rejection(run({ to: { kind: "time", atMs: Date.UTC(2027, 0, 1) } }));
  expect(future).toMatchObject({
    code: "usage",
    message: "to 2027-01-01T00:00:00.000Z is in the future: it is 2026-11-30T12:00:00.000Z now",
  });
  const rebuilt = world({ readRebuilds: () => Promise.resolve([orderEntry("app", rebuildOrder)]) });
  expect(await rebuilt.run()).toMatchObject({
    action: "refused",
    message: expect.stringContaining("is being rebuilt"),
  });
  expect(await rebuilt.run({ dryRun: true })).toMatchObject({ action: "refused" });
  const over = world({ readRebuilds: () => Promise.resolve([orderEntry("app", null, rebuildStep)]) });
  expect(await over.run()).toMatchObject({ action: "moved" });
});
