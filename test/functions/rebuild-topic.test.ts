import { describe, expect, test } from "bun:test";
import type { StoredOrder } from "../../lib/rules/offsets/order-groups.ts";
import {
  rebuildTopic,
  type RebuildAction,
  type RebuildTopicDeps,
  type RebuildTopicInput,
} from "../../functions/rebuild-topic.ts";
import type { ResolvedName } from "../../lib/adapters/elasticsearch/names/resolved-name.ts";
import {
  orderEntry,
  positionEntry,
  rebuildOf,
  type RebuildOrder,
  type RebuildPosition,
  stepsIn,
} from "../../lib/rules/rebuild/rebuild.ts";
import { specification } from "../support/records.ts";
import { rebuildOrder, rebuildPosition } from "../support/rebuilds.ts";
import { rejection } from "../support/rejection.ts";

interface Given {
  readonly order?: RebuildOrder;
  readonly position?: Partial<RebuildPosition>;
  /** Offsets [start, end) of the only partition. */
  readonly log?: { readonly start: number; readonly end: number };
  readonly names?: Readonly<Record<string, ResolvedName>>;
  /** Documents of the live index below the log. */
  readonly gone?: number;
  readonly held?: string;
  readonly spec?: Parameters<typeof specification>[0];
  /** Of topic `other`. */
  readonly otherIndex?: string;
  /** What hosts do while somebody waits. */
  readonly hosts?: (order: RebuildOrder) => Partial<RebuildPosition> | null;
}

const alias = (index: string): ResolvedName => ({ kind: "alias", indices: [index], stream: null });
const index = (name: string): ResolvedName => ({ kind: "index", indices: [name], stream: null });
const names = { app: alias("app-1"), "app-1": index("app-1") };

/** Topic `app` with one partition, written to alias `app` of `app-1`. */
function world(given: Given = {}) {
  let orders: StoredOrder[] = given.order === undefined ? [] : [orderEntry("app", given.order)];
  let position: StoredOrder[] =
    given.order === undefined
      ? []
      : [positionEntry("app", rebuildPosition({ next: 100, ...given.position }))];
  let nowMs = Date.parse(rebuildOrder.since);
  const known: Record<string, ResolvedName> = { ...names, ...given.names };
  const uuids: Record<string, string> = { "app-1": "u1", "app-2": "u2" };
  if (given.order === undefined) delete uuids["app-2"];
  const done: string[] = [];
  const steps: unknown[] = [];
  const look = (): void => {
    const order = rebuildOf(orders, "app");
    if (order === null) return;
    const next = given.hosts === undefined ? {} : given.hosts(order);
    if (next !== null)
      position = [
        positionEntry(
          "app",
          rebuildPosition({ next: 100, id: order.id, both: order.both, ...given.position, ...next }),
        ),
      ];
  };
  const deps: RebuildTopicDeps = {
    specs: new Map([
      ["app", specification(given.spec)],
      ["other", specification({ topic: "other", index: given.otherIndex ?? "other-{yyyy.MM.dd}" })],
    ]),
    orders: {
      read: async () => orders,
      write: async (entries) => {
        orders = [...entries];
        steps.push(stepsIn(entries).get("app") ?? null);
        look();
      },
    },
    positions: { read: async () => position, write: async () => {} },
    indices: {
      resolve: async (asked) =>
        new Map(asked.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]] as const]))),
      uuid: async (name) => uuids[name] ?? null,
      create: async (name) => {
        done.push(`create ${name}`);
        uuids[name] = "u2";
      },
      hide: async (name) => void done.push(`hide ${name}`),
      documents: async () => ({ own: 0, others: 0 }),
      countBelow: async () => given.gone ?? 0,
      swap: async ({ alias: moved, from, to }) => {
        done.push(`swap ${moved ?? "none"} ${from} ${to}`);
        if (moved !== null) known[moved] = alias(to);
      },
    },
    ranges: async () => new Map([[0, given.log ?? { start: 0, end: 100 }]]),
    heldBack: async () => given.held ?? null,
    ensureTemplate: async (name) => void done.push(`template ${name}`),
    newId: () => "one",
    placeOf: () => "config.yaml",
    wait: async (ms) => {
      if (rebuildOf(orders, "app") === null) done.push(`let go for ${ms} ms`);
      nowMs += ms;
    },
    now: () => nowMs,
    signal: AbortSignal.timeout(10_000),
  };
  const act = (
    action: RebuildAction,
    more: Partial<Pick<RebuildTopicInput, "topic" | "index" | "force" | "by">> = {},
  ) => rebuildTopic({ topic: "app", action, index: null, by: "alice@ops", force: false, ...more }, deps);
  return { act, done, steps, order: () => rebuildOf(orders, "app"), deps };
}

describe("begin", () => {
  test("makes the index by the template, keeps it out of searches, and orders the rebuild", async () => {
    const { act, done, order } = world();
    const { message, status } = await act("begin", { index: "app-2" });
    expect(done).toEqual(["template app-2", "create app-2", "hide app-2"]);
    expect(order()).toEqual(rebuildOrder);
    expect(status).toMatchObject({ index: "app-2", old: "app-1", alias: "app" });
    expect(message).toStartWith('Topic "app" is rebuilt into index "app-2" (100 % of 100 records)');
  });

  test("of a held topic is ordered at once, and says what holds it: it is read after the release", async () => {
    const { act, order } = world({ held: "the topic is held by bob@ops: disk", hosts: () => null });
    const { message, status } = await act("begin", { index: "app-2" });
    expect(order()).not.toBeNull();
    expect(status).toMatchObject({ state: "paused", reason: "the topic is held by bob@ops: disk" });
    expect(message).toEndWith("Nothing is read yet: the topic is held by bob@ops: disk.");
  });

  test("of a topic that declares its index itself has no alias to swap", async () => {
    const { act, order } = world({ spec: { index: "app-1" } });
    await act("begin", { index: "app-2" });
    expect(order()).toMatchObject({ old: "app-1", alias: null });
  });

  const refusals: readonly (readonly [why: string, given: Given, index: string, reason: string])[] = [
    ["another rebuild runs", { order: rebuildOrder }, "app-3", 'it is rebuilt into index "app-2" already'],
    ["the live index", {}, "app-1", '"app-1" is the live index'],
    ["the alias itself", {}, "app", '"app" is the live index'],
    ["a name of several indices", {}, "app-{yyyy.MM.dd}", "is not the name of one index"],
    ["a name with a field of the record", {}, "app-{team}", "is not the name of one index"],
    ["a topic with indices by field", { spec: { index: "app-{team}" } }, "app-2", "stands for many indices"],
    ["an index of another topic", {}, "other-2026.01.01", 'is the index of topic "other"'],
    ["an index that another topic shares", { otherIndex: "app-1" }, "app-2", 'is also that of topic "other"'],
    ["one of another topic's indices", { otherIndex: "{team}-1" }, "app-2", 'is also that of topic "other"'],
    ["an alias that another topic shares", { otherIndex: "app" }, "app-2", 'is also that of topic "other"'],
    ["an alias", { names: { "app-2": alias("x") } }, "app-2", "exists already, as an alias"],
    ["a topic with a data stream", { spec: { index: "s", dataStream: "s" } }, "app-2", "reindex it"],
    ["a topic with dated indices", { spec: { index: "app-{yyyy.MM.dd}" } }, "app-2", "rewind the topic"],
    ["a topic without documents", { spec: { index: "none" } }, "app-2", "there is nothing to rebuild"],
    [
      "an alias that rolls over",
      { names: { app: { ...alias("app-1"), indices: ["app-1", "app-0"] } } },
      "app-2",
      "is neither one index nor an alias of exactly one",
    ],
    ["records that Kafka has deleted", { gone: 7 }, "app-2", 'the records of 7 documents of index "app-1"'],
  ];
  test.each(refusals)("refuses %s, and touches nothing", async (_, given, into, reason) => {
    const { act, done, order } = world(given);
    const error = await rejection(act("begin", { index: into }));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(reason) });
    expect(done).toEqual([]);
    expect(order()).toEqual(given.order ?? null);
  });

  test("refuses an order that Kafka would not keep, before it makes the index", async () => {
    const { act, done } = world();
    const error = await rejection(act("begin", { index: "app-2", by: "ä".repeat(2_000) }));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining("who orders it is too") });
    expect(done).toEqual([]);
  });

  test("without records that Kafka has deleted, if told so", async () => {
    const { act, order } = world({ gone: 7 });
    await act("begin", { index: "app-2", force: true });
    expect(order()).not.toBeNull();
  });

  test("of an index that another topic shares, if told so", async () => {
    const { act, order } = world({ otherIndex: "app-1" });
    await act("begin", { index: "app-2", force: true });
    expect(order()).not.toBeNull();
  });

  test("says if no host begins, and the order stands", async () => {
    const { act, order } = world({ hosts: () => null });
    const error = await rejection(act("begin", { index: "app-2" }));
    expect(error).toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringMatching(/no host has begun all of its partitions.*The order stands/),
    });
    expect(order()).toEqual(rebuildOrder);
  });
});

describe("swap", () => {
  test("first has both indices filled, then moves the alias", async () => {
    const { act, done, order } = world({ order: rebuildOrder });
    const { status, message } = await act("swap");
    expect(order()).toEqual({ ...rebuildOrder, both: true });
    expect(done).toEqual(["swap app app-1 app-2"]);
    expect(status?.state).toBe("swapped");
    expect(message).toStartWith('Alias "app" leads to "app-2" now, and no longer to "app-1".');
  });

  test("waits for the hosts, and leaves the alias if one does not fill both", async () => {
    const { act, done } = world({ order: rebuildOrder, hosts: () => ({ both: false }) });
    const error = await rejection(act("swap"));
    expect(error).toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringMatching(
        /no host fills both indices from partitions 0\. Both indices stay as they are; order it again later$/,
      ),
    });
    expect(done).toEqual([]);
  });

  test("is refused until the new index has caught up, unless forced", async () => {
    const given = { order: rebuildOrder, log: { start: 0, end: 10_000 } };
    const { act, done } = world(given);
    const message = "it is running, at 1 % of 10,000 records; swap it once it has caught up";
    expect(await rejection(act("swap"))).toMatchObject({
      code: "usage",
      message: expect.stringContaining(message),
    });
    expect(done).toEqual([]);
    await act("swap", { force: true });
    expect(done).toEqual(["swap app app-1 app-2"]);
  });

  test("is refused at once while the topic is held, because then nobody fills both", async () => {
    const { act, order } = world({ order: rebuildOrder, held: "the topic is held: by alice" });
    expect(await rejection(act("swap"))).toMatchObject({
      code: "usage",
      message: expect.stringContaining("it is paused: the topic is held: by alice"),
    });
    expect(order()).toEqual(rebuildOrder);
  });

  test("of a declared index names what to declare, and where", async () => {
    const { act, done } = world({ order: { ...rebuildOrder, alias: null }, spec: { index: "app-1" } });
    const { message, status } = await act("swap");
    expect(done).toEqual(["swap none app-1 app-2"]);
    expect(message).toContain('declare index "app-2" for topic "app" (config.yaml)');
    expect(status?.state).toBe("caught up");
  });
});

test("back moves the alias back, but only after a swap", async () => {
  const { act, done } = world({ order: rebuildOrder });
  expect(await rejection(act("back"))).toMatchObject({
    message: expect.stringContaining("it was not swapped"),
  });
  await act("swap");
  const { status } = await act("back");
  expect(done).toEqual(["swap app app-1 app-2", "swap app app-2 app-1"]);
  expect(status?.state).toBe("caught up");
});

test("finish needs a swap and cancel none; both withdraw the order", async () => {
  const first = world({ order: rebuildOrder });
  expect(await rejection(first.act("finish"))).toMatchObject({
    message: expect.stringContaining("it is not swapped"),
  });
  await first.act("swap");
  expect(await rejection(first.act("cancel"))).toMatchObject({
    message: expect.stringContaining('"app-2" is the live index by now'),
  });
  expect(await first.act("finish")).toMatchObject({ status: null });
  expect(first.order()).toBeNull();
  // Before somebody is told to delete an index, nobody writes to it any more.
  expect(first.done.at(-1)).toBe("let go for 5000 ms");

  const second = world({ order: rebuildOrder });
  expect(await second.act("cancel")).toMatchObject({ status: null });
  expect(second.order()).toBeNull();
  expect(second.done.at(-1)).toBe("let go for 5000 ms");
});

test("pause and resume change nothing but the order", async () => {
  const { act, order, done } = world({ order: rebuildOrder });
  expect((await act("pause")).status?.state).toBe("paused");
  expect(order()).toEqual({ ...rebuildOrder, paused: true });
  expect((await act("resume")).status?.state).toBe("caught up");
  expect(done).toEqual([]);
});

test("each step is left for the hosts to tell, with who ordered it, also if it is not carried out in time", async () => {
  const { act, steps } = world();
  const by = "bob@ops";
  await act("begin", { index: "app-2", force: true });
  const later = ["pause", "resume", "swap", "back", "swap", "finish"] as const;
  for (const action of later) await act(action, { by });
  const at = Date.parse(rebuildOrder.since);
  expect(steps).toEqual([
    { index: "app-2", at, action: "begin", force: true, by: "alice@ops" },
    ...later.map((action) => ({ index: "app-2", at, action, force: false, by })),
  ]);

  const late = world({ order: rebuildOrder, hosts: () => ({ both: false }) });
  expect(await rejection(late.act("swap"))).toMatchObject({ code: "deadline_exceeded" });
  await late.act("cancel");
  expect(late.steps).toMatchObject([{ action: "swap" }, { action: "cancel" }]);
});

test("what is not rebuilt cannot be steered", async () => {
  const { act } = world();
  for (const action of ["pause", "swap", "back", "finish", "cancel"] as const)
    expect(await rejection(act(action))).toMatchObject({
      code: "usage",
      message: expect.stringContaining("no rebuild of it has begun"),
    });
});

test("a topic that nobody declares is missing; its rebuild can still be ended", async () => {
  const missing = { code: "topic_missing", message: 'Topic "gone": no source declares it' };
  const { act } = world();
  expect(await rejection(act("begin", { topic: "gone", index: "app-2" }))).toMatchObject(missing);
  expect(await rejection(act("pause", { topic: "gone" }))).toMatchObject(missing);
  expect(await rejection(act("pause"))).toMatchObject({ code: "usage" });

  const { order, deps } = world({ order: rebuildOrder });
  const cancel = { topic: "app", action: "cancel", index: null, by: "alice@ops", force: false } as const;
  await rebuildTopic(cancel, { ...deps, specs: new Map() });
  expect(order()).toBeNull();
});
