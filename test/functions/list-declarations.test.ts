import { describe, expect, test } from "bun:test";
import { listDeclarations } from "../../functions/list-declarations.ts";
import type { ReconcileMemory } from "../../functions/reconcile-topics.ts";
import type { ListedKey } from "../../lib/rules/declarations/listing.ts";
import { rememberEtcd, type EtcdReading } from "../../lib/rules/declarations/etcd-memory.ts";
import { declaration, defaultOptions as options } from "../support/declarations.ts";
import { settings } from "../support/settings.ts";

const endpoints = ["http://127.0.0.1:2379"];
const etcd = { endpoints, keys: ["absent", "exact", "logs/"], auth: null, tls: null };
const dead = settings().deadLetters.topic;
const config = { path: "config.yaml", error: null };

function readingOf(keys: Record<string, string | null>, changes: Partial<EtcdReading> = {}): EtcdReading {
  const problemOf = (value: string | null) => (value === null ? "the value is not valid UTF-8" : null);
  return {
    clusterId: "c1",
    revision: 20,
    keys: Object.entries(keys).map(([key, value], at) => ({
      key,
      value,
      problem: problemOf(value),
      modRevision: 10 + at,
    })),
    ...changes,
  };
}

const inForce = (changes: Partial<ReconcileMemory> = {}): ReconcileMemory => ({
  settings: settings({ etcd }),
  declarations: [declaration("file"), declaration("both", { path: "/file" }, { entry: 1 })],
  failedProbes: [],
  stillness: null,
  etcd: null,
  seenMissing: new Set(),
  ...changes,
});

/** The listing for this state of etcd; an Error is thrown. */
const list = (reading: EtcdReading | Error, memory = inForce(), topics = ["file", "both", "one", "app-1"]) =>
  listDeclarations(
    { memory, config, topics, excluded: [] },
    {
      readEtcd: async () => (reading instanceof Error ? Promise.reject(reading) : Promise.resolve(reading)),
    },
  );

test("an absurdly nested value is refused, and the others are listed", async () => {
  const deep = `[{"topic": "a", "x": ${"[".repeat(40_000)}${"]".repeat(40_000)}}]`;
  const { etcd } = await list(readingOf({ exact: deep, "logs/a": '["one"]' }));
  const { keys } = JSON.parse(JSON.stringify(etcd)) as { keys: ListedKey[] };
  expect(keys.filter(({ text }) => text !== null)).toMatchObject([
    { key: "exact", entries: [], problem: 'etcd key "exact": the value is nested deeper than 32 levels' },
    { key: "logs/a", entries: [{ name: "one", state: "in force" }] },
  ]);
});

describe("the listing", () => {
  test("has the file's declarations, every key as it is, and the standing of each entry", async () => {
    const text =
      '[{"topic": "one", "path": null}, "both", 7, {"topic": "one"}, {"pattern": "app-*", "indx": 1}]';
    const { config, etcd } = await list(readingOf({ exact: text, "logs/a": '[{"pattern": "app-*"}]' }));
    const source = { kind: "config", name: "config.yaml", revision: null, entry: 1 };
    const fine = { state: "in force", topics: 1, overriddenBy: null, refused: null };
    expect(config).toEqual({
      path: "config.yaml",
      ok: true,
      error: null,
      entries: [
        { entry: 0, target: { topic: "file" }, options, ...fine },
        { entry: 1, target: { topic: "both" }, options: { ...options, path: "/file" }, ...fine },
      ],
    } as never);
    expect(etcd).toMatchObject({ ok: true, error: null, revision: 20, keysLeftOut: 0, listed: etcd?.listed });
    const refused = (reason: string) => ({
      state: "refused",
      topics: 0,
      overriddenBy: null,
      refused: expect.stringContaining(reason) as never,
      options: null,
      lastGoodKept: false,
      ignored: [],
    });
    expect(etcd?.keys).toEqual([
      { key: "absent", exact: true, revision: 0, text: null, problem: null, entries: [] },
      {
        key: "exact",
        exact: true,
        revision: 10,
        text,
        problem: null,
        entries: [
          {
            entry: 0,
            name: "one",
            target: { topic: "one" },
            declaration: { topic: "one", path: null },
            options,
            ...fine,
            lastGoodKept: false,
            ignored: [],
          },
          {
            entry: 1,
            name: "both",
            target: { topic: "both" },
            declaration: { topic: "both" },
            options,
            ...fine,
            state: "overridden",
            topics: 0,
            overriddenBy: source,
            alike: true,
            lastGoodKept: false,
            ignored: [],
          },
          { entry: 2, name: null, target: null, declaration: null, ...refused("entry 3") },
          {
            entry: 3,
            name: "one",
            target: { topic: "one" },
            declaration: { topic: "one" },
            ...refused("already declared by entry 1"),
          },
          {
            entry: 4,
            name: "app-*",
            target: { pattern: "app-*" },
            declaration: { pattern: "app-*", indx: 1 },
            ...refused('did you mean "index"?'),
          },
        ],
      },
      {
        key: "logs/a",
        exact: false,
        revision: 11,
        text: '[{"pattern": "app-*"}]',
        problem: null,
        entries: [
          {
            entry: 0,
            name: "app-*",
            target: { pattern: "app-*" },
            declaration: { pattern: "app-*" },
            options,
            ...fine,
            lastGoodKept: false,
            ignored: [],
          },
        ],
      },
    ] as never);
  });

  test("names the key for a new topic", async () => {
    expect((await list(readingOf({}))).etcd?.newKey).toEqual({
      key: "absent",
      prefix: null,
      rule: "A new topic goes to the key absent.",
    });
    const memory = inForce({ settings: settings({ etcd: { ...etcd, keys: ["logs/"] } }) });
    expect((await list(readingOf({}), memory)).etcd?.newKey).toEqual({
      key: null,
      prefix: "logs/",
      rule: "A new topic gets a key of its own: logs/<topic>.",
    });
  });

  test("a prefix that ends in * names the key of a new topic, and is no absent key itself", async () => {
    const keys = ["collect_log_*"];
    const memory = inForce({ settings: settings({ etcd: { ...etcd, keys } }) });
    const listing = await list(readingOf({ collect_log_a: '["one"]', "collect_log_*": "[]" }), memory);
    expect(listing.etcd?.keys.map(({ key, exact }) => [key, exact])).toEqual([
      ["collect_log_a", false],
      ["collect_log_*", false],
    ]);
    expect(listing.etcd?.newKey).toEqual({
      key: null,
      prefix: "collect_log_",
      rule: "A new topic gets a key of its own: collect_log_<topic>.",
    });
  });

  test("says how many topics each glob of a pattern excluded in the last run", async () => {
    const pattern = { pattern: "app-*", exclude: ["app-debug-*", "app-x"] };
    const { config, etcd } = await listDeclarations(
      {
        memory: inForce({ declarations: [] }),
        config: { path: "config.yaml", error: null },
        topics: [],
        excluded: [
          {
            source: { kind: "etcd", name: "exact", revision: 9, entry: 4 },
            pattern: "app-*",
            covered: 1,
            globs: [{ glob: "app-debug-*", topics: 2, first: ["app-debug-1"] }],
          },
        ],
      },
      { readEtcd: () => Promise.resolve(readingOf({ exact: JSON.stringify([pattern]) })) },
    );
    expect(config.entries).toEqual([]);
    expect(etcd?.keys.find(({ key }) => key === "exact")?.entries[0]?.excluded).toEqual([
      { glob: "app-debug-*", topics: 2 },
      { glob: "app-x", topics: null },
    ]);
  });

  test("without etcd has only the file, and does not ask", async () => {
    const memory = inForce({ settings: settings() });
    const { config, etcd } = await list(new Error("asked"), memory);
    expect(config.entries).toHaveLength(2);
    expect(etcd).toBeNull();
  });

  test("says that the file was not accepted, and lists its last good content", async () => {
    const { config } = await listDeclarations(
      { memory: inForce(), config: { path: "config.yaml", error: "line 3" }, topics: [], excluded: [] },
      { readEtcd: async () => Promise.resolve(readingOf({})) },
    );
    expect(config).toMatchObject({ ok: false, error: "line 3", entries: [{}, {}] });
  });
});

describe("lists the last good content if", () => {
  const before = rememberEtcd(
    null,
    readingOf({ exact: '["one", {"topic": "two", "path": "/old"}]' }, { revision: 15 }),
    { endpoints, keys: [] },
    dead,
  );
  const memory = inForce({ etcd: before });

  test.each<[string, EtcdReading | Error]>([
    ["etcd does not answer", new Error("down")],
    ["its revision went back", readingOf({ exact: "[]" }, { revision: 3 })],
  ])("%s", async (_, reading) => {
    const { etcd } = await list(reading, memory);
    expect(etcd).toMatchObject({ ok: false, revision: 15 });
    expect(etcd?.error).toMatch(/down|revision went back/);
    expect(etcd?.keys).toMatchObject([
      {
        key: "exact",
        exact: true,
        revision: 10,
        text: null,
        problem: null,
        entries: [
          { entry: 0, name: "one", target: { topic: "one" }, declaration: null, lastGoodKept: true },
          { entry: 1, options: { path: "/old" }, state: "in force", lastGoodKept: true },
        ],
      },
    ]);
  });

  test("etcd was never read", async () => {
    expect((await list(new Error("down"))).etcd).toMatchObject({ ok: false, revision: null, keys: [] });
  });

  test("a value is not a list, or not text", async () => {
    for (const [text, problem] of [
      ["{", 'etcd key "exact": "{" is not JSON'],
      [null, "the value is not valid UTF-8"],
    ] as const) {
      const { etcd } = await list(readingOf({ exact: text }), memory);
      const [, exact] = etcd?.keys ?? [];
      expect(exact).toMatchObject({ text, problem, revision: 10 });
      expect(exact?.entries).toMatchObject([
        { name: "one", declaration: null, options: {}, lastGoodKept: true },
        { name: "two", declaration: null, options: { path: "/old" }, lastGoodKept: true },
      ]);
    }
  });

  test("an entry is invalid", async () => {
    const { etcd } = await list(readingOf({ exact: '[{"topic": "two", "path": 7}]' }), memory);
    expect(etcd?.keys[1]?.entries).toMatchObject([
      {
        name: "two",
        declaration: { topic: "two", path: 7 },
        options: { path: "/old" },
        state: "refused",
        refused: expect.stringContaining("path 7") as never,
        lastGoodKept: true,
      },
    ]);
  });
});

test("no more than 10,000 entries are listed; keys beyond are counted", async () => {
  const many = (from: number, count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, at) => `t-${from + at}`));
  const { etcd: listed } = await list(
    readingOf({
      "logs/a": many(0, 6_000),
      "logs/b": many(6_000, 4_000),
      "logs/c": many(10_000, 1),
      "logs/d": "[]",
    }),
  );
  expect(listed?.keys.map(({ key, entries }) => [key, entries.length])).toEqual([
    ["absent", 0],
    ["exact", 0],
    ["logs/a", 6_000],
    ["logs/b", 4_000],
  ]);
  expect(listed?.keysLeftOut).toBe(2);
});
