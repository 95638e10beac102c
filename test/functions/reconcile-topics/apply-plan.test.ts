import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import { declaration } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/reconcile-world.ts";
import { settings } from "../../support/settings.ts";

const names = ["a", "b", "c"];
const declared = (pipeline: string | null): Declaration[] =>
  names.map((name) => declaration(name, { pipeline }));

/** `a`, `b` and `c` run, and their declarations changed. */
async function changedWorld(): Promise<World> {
  const world = createWorld(declared(null), names);
  await world.run();
  world.config = { settings: settings(), declarations: declared("/new") };
  return world;
}

const runningBy = (world: World, pipeline: string | null): string[] =>
  world.running().filter((topic) => world.topics.get(topic)?.spec.pipeline === pipeline);

describe("replacements", () => {
  test("go one at a time", async () => {
    const world = await changedWorld();
    expect(await world.run()).toMatchObject({ failed: [], interrupted: false });
    expect(runningBy(world, "/new")).toEqual(names);
    expect(world.mostReplacing).toBe(1);
  });

  test("stop at the first that does not run: the others keep running as they were", async () => {
    const world = await changedWorld();
    world.broken.add("b");
    expect(await world.run()).toMatchObject({
      failed: [{ topic: "b", error: "broken" }],
      interrupted: false,
    });
    expect(runningBy(world, "/new")).toEqual(["a"]);
    expect(runningBy(world, null)).toEqual(["c"]);
  });

  test("are cut short by a newer trigger: started ones continue, the rest is planned again", async () => {
    const world = await changedWorld();
    world.hanging.add("b");
    world.onReplace = (topic) => {
      if (topic === "b") world.newerTrigger.abort();
    };
    expect(await world.run()).toMatchObject({ interrupted: true });
    expect(world.replaced).toEqual(["a", "b"]);
    expect(runningBy(world, null)).toEqual(["c"]);
  });

  test("go one at a time across runs too", async () => {
    const world = await changedWorld();
    world.hanging.add("a");
    world.onReplace = () => world.newerTrigger.abort();
    await world.run();
    world.newerTrigger = new AbortController();
    expect(await world.run()).toMatchObject({ replaced: [], interrupted: true });
    expect(world.replaced).toEqual(["a"]);
    expect(runningBy(world, null)).toEqual(["b", "c"]);
  });

  test("wait for one that failed, and continue once it runs", async () => {
    const world = await changedWorld();
    world.broken.add("a");
    await world.run();
    world.now += 500;
    expect(await world.run()).toMatchObject({ started: [], replaced: [] });
    expect(runningBy(world, null)).toEqual(["b", "c"]);
    world.broken.clear();
    world.now += 500;
    expect(await world.run()).toMatchObject({ started: ["a"], replaced: ["b", "c"], interrupted: false });
    expect(runningBy(world, "/new")).toEqual(names);
  });

  test("do not start if a newer trigger is waiting, unlike stops and starts", async () => {
    const world = await changedWorld();
    world.newerTrigger.abort();
    expect(await world.run()).toMatchObject({ interrupted: true });
    expect(world.replaced).toEqual([]);
    world.config = { settings: settings(), declarations: [declaration("new")] };
    world.kafka = new Set([...names, "new"]);
    await world.run();
    expect(world.running()).toEqual(["new"]);
  });
});

describe("an index template that cannot be ensured", () => {
  test("does not end the host if nobody awaits it: the run still waits for a stop, or is over", async () => {
    const world = await changedWorld();
    world.templates = new Error("403");
    const [, ...left] = declared("/new");
    world.config = { settings: settings(), declarations: left };
    world.newerTrigger.abort();
    // An unhandled rejection fails this test, as it would end a host.
    expect(await world.run()).toMatchObject({ interrupted: true, stopped: ["a"] });
    await setImmediate();
  });

  test("refuses starts, leaves running topics alone, and still stops topics", async () => {
    const world = createWorld(
      [declaration("a"), declaration("b"), declaration("gone")],
      ["a", "b", "gone", "new"],
    );
    await world.run();
    world.templates = new Error("403");
    const declarations = [declaration("a", { pipeline: "/new" }), declaration("b"), declaration("new")];
    world.config = { settings: settings(), declarations };
    const { failed, interrupted } = await world.run();
    const error =
      "the index template could not be set up, and until it is, the topic cannot write as declared: 403";
    expect(failed).toEqual([
      { topic: "new", error },
      { topic: "a", error },
    ]);
    expect(interrupted).toBe(false);
    expect(runningBy(world, null)).toEqual(["a", "b"]);
    expect(world.topics.get("new")).toMatchObject({ state: "failed", reason: error });
    expect(world.topics.has("gone")).toBe(false);
  });

  test("for one topic's index fails only that topic, whether it starts or is replaced", async () => {
    const world = createWorld([declaration("a"), declaration("b"), declaration("c")], ["a", "b", "c", "d"]);
    world.refusedPatterns.set("c", "another template");
    const error =
      "the index template could not be set up, and until it is, the topic cannot write as declared: another template";
    expect((await world.run()).failed).toEqual([{ topic: "c", error }]);
    expect(world.running()).toEqual(["a", "b"]);

    world.refusedPatterns.clear();
    world.refusedPatterns.set("x", "a data stream");
    const declarations = [
      declaration("a", { index: "x" }),
      declaration("b", { pipeline: "/new" }),
      declaration("d"),
    ];
    world.config = { settings: settings(), declarations };
    const { failed } = await world.run();
    expect(failed).toEqual([
      {
        topic: "a",
        error:
          "the index template could not be set up, and until it is, the topic cannot write as declared: a data stream",
      },
    ]);
    expect(world.topics.get("a")?.spec.index).toBe("a");
    expect([world.running(), runningBy(world, "/new")]).toEqual([["a", "b", "d"], ["b"]]);
  });

  test("does not matter if nothing starts", async () => {
    const world = createWorld([declaration("a")], ["a"]);
    await world.run();
    world.templates = new Error("403");
    expect((await world.run()).failed).toEqual([]);
  });
});

describe("a start that takes long", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test("is not waited for longer than 10 s, and no replacement overtakes it", async () => {
    const world = await changedWorld();
    world.config = { settings: settings(), declarations: [...declared("/new"), declaration("slow")] };
    world.kafka = new Set([...names, "slow"]);
    world.hanging.add("slow");
    let over = false;
    const run = world.look().finally(() => (over = true));
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    jest.advanceTimersByTime(9_900);
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    expect(over).toBe(false);
    jest.advanceTimersByTime(200);
    expect(await run).toMatchObject({ interrupted: true });
    expect(world.topics.get("slow")?.state).toBe("starting");
    expect(world.replaced).toEqual([]);
  });

  test("keeps no other topic from starting", async () => {
    const world = createWorld([declaration("slow"), declaration("a")], ["slow", "a"]);
    world.hanging.add("slow");
    const run = world.run();
    world.newerTrigger.abort();
    await run;
    expect(world.running()).toEqual(["a"]);
  });
});
