import { describe, expect, test } from "bun:test";
import {
  distrust,
  rememberEtcd,
  stillListed,
  withKey,
  type EtcdMemory,
  type EtcdReading,
} from "../../../../lib/rules/declarations/etcd-memory.ts";

const endpoints = ["http://127.0.0.1:2379"];

/** A reading of these keys; a null value is not text. */
function reading(keys: Record<string, unknown>, changes: Partial<EtcdReading> = {}): EtcdReading {
  return {
    clusterId: "c1",
    revision: 10,
    keys: Object.entries(keys).map(([key, value]) => ({
      key,
      value: value === null || typeof value === "string" ? value : JSON.stringify(value),
      problem: value === null ? "the value is not valid UTF-8" : null,
      modRevision: 5,
    })),
    ...changes,
  };
}

const remember = (previous: EtcdMemory | null, keys: Record<string, unknown>): EtcdMemory =>
  rememberEtcd(previous, reading(keys), { endpoints, keys: [] }, "dlq");

/** The active declarations by key. */
function topicsIn({ keys }: EtcdMemory): Record<string, string[]> {
  const entries = [...keys].map(([key, { declarations }]) => [
    key,
    declarations.map(({ target }) => (target.kind === "topic" ? target.topic : target.pattern)),
  ]);
  return Object.fromEntries(entries);
}

describe("last good", () => {
  const before = remember(null, {
    "logs/a": [{ topic: "a1" }, { topic: "a2", path: "/old" }],
    "logs/b": [{ topic: "b" }],
  });

  test("is kept for a key that is now forbidden, while the others are read", () => {
    const settings = { endpoints, keys: ["logs/", "own"] };
    const first = rememberEtcd(null, reading({ "logs/a": ["a"], own: ["old"] }), settings, "dlq");
    const forbidden = [{ listed: "logs/", reason: "grant it" }];
    const second = rememberEtcd(first, reading({ own: ["new"] }, { forbidden }), settings, "dlq");
    expect(topicsIn(second)).toEqual({ "logs/": [], "logs/a": ["a"], own: ["new"] });
    expect(second.keys.get("logs/")?.refused).toMatchObject([{ reason: "grant it", lastGoodKept: true }]);
    const third = rememberEtcd(second, reading({ own: ["new"] }), settings, "dlq");
    expect(topicsIn(third)).toEqual({ own: ["new"] });
  });

  test("ends for an absent key below a forbidden prefix if it is listed itself", () => {
    const settings = { endpoints, keys: ["logs/", "logs/own"] };
    const forbidden = [{ listed: "logs/", reason: "grant it" }];
    const first = rememberEtcd(null, reading({ "logs/a": ["a"], "logs/own": ["own"] }), settings, "dlq");
    const second = rememberEtcd(first, reading({}, { forbidden }), settings, "dlq");
    expect(topicsIn(second)).toEqual({ "logs/": [], "logs/a": ["a"] });
  });

  test("follows the order of the keys", () => {
    const memory = remember(null, { z: [{ topic: "z1" }, { topic: "z2" }], a: [{ pattern: "a-*" }] });
    expect(topicsIn(memory)).toEqual({ z: ["z1", "z2"], a: ["a-*"] });
    expect([...memory.keys.keys()]).toEqual(["z", "a"]);
    expect(memory).toMatchObject({ endpoints, clusterId: "c1", revision: 10 });
  });

  test.each([
    ["not JSON", "{"],
    ["no array", '{"topic":"a"}'],
    ["not text", null],
  ])("is kept for a key whose value is %s, while the others are read", (_, value) => {
    const after = remember(before, { "logs/a": value, "logs/b": [{ topic: "new" }] });
    expect(topicsIn(after)).toEqual({ "logs/a": ["a1", "a2"], "logs/b": ["new"] });
    expect(after.keys.get("logs/a")?.refused).toMatchObject([{ name: null, lastGoodKept: true }]);
    expect(after.keys.get("logs/a")?.refused[0]?.reason).toContain('"logs/a"');
    expect(after.keys.get("logs/b")?.refused).toEqual([]);
  });

  test("is kept for an entry that became invalid, while the key's others are read", () => {
    const after = remember(before, { "logs/a": [{ topic: "a2", path: 7 }, { topic: "a3" }] });
    expect(topicsIn(after)).toEqual({ "logs/a": ["a2", "a3"] });
    expect(after.keys.get("logs/a")?.declarations[0]?.options.path).toBe("/old");
    expect(after.keys.get("logs/a")?.refused).toMatchObject([{ name: "a2", lastGoodKept: true }]);
  });

  test("survives any number of bad readings", () => {
    const bad = { "logs/a": null };
    expect(topicsIn(remember(remember(remember(before, bad), { "logs/a": "nonsense" }), bad))).toEqual({
      "logs/a": ["a1", "a2"],
    });
  });

  test("is empty if nothing was ever valid", () => {
    const memory = remember(null, { a: null, b: "{" });
    expect(topicsIn(memory)).toEqual({ a: [], b: [] });
    for (const key of ["a", "b"])
      expect(memory.keys.get(key)?.refused).toMatchObject([{ lastGoodKept: false }]);
  });

  test("is forgotten for an absent key or entry", () => {
    expect(topicsIn(remember(before, { "logs/a": [{ topic: "a2" }] }))).toEqual({ "logs/a": ["a2"] });
    expect(topicsIn(remember(before, {}))).toEqual({});
    const goneOnce = remember(remember(before, {}), { "logs/a": "{" });
    expect(topicsIn(goneOnce)).toEqual({ "logs/a": [] });
  });
});

describe("distrusts", () => {
  const before = remember(null, {});
  const doubt = (changes: Partial<EtcdReading>, from = endpoints) =>
    distrust(before, reading({}, changes), from);

  test("a revision that went back", () => {
    expect(doubt({ revision: 9 })).toContain("went back from 10 to 9");
  });

  test("a different cluster at the same endpoints, however new its revision", () => {
    expect(doubt({ clusterId: "c2", revision: 99 })).toContain("c2 instead of c1");
  });

  test("neither the first reading, nor the same revision or a later one", () => {
    expect(distrust(null, reading({}), endpoints)).toBeNull();
    expect(doubt({})).toBeNull();
    expect(doubt({ revision: 11 })).toBeNull();
  });

  test("nor changed endpoints, which are deliberate", () => {
    expect(doubt({ clusterId: "c2", revision: 1 }, ["http://127.0.0.1:2380"])).toBeNull();
  });
});

test("a key that is no longer listed is absent", () => {
  const memory = remember(null, { exact: [], "logs/a": [], "logs/b": [], logsx: [] });
  expect([...stillListed(memory, ["logs/"]).keys.keys()]).toEqual(["logs/a", "logs/b"]);
  expect([...stillListed(memory, ["exact"]).keys.keys()]).toEqual(["exact"]);
  expect([...stillListed(memory, []).keys.keys()]).toEqual([]);
});

test("keys rank by the current list", () => {
  const memory = remember(null, { first: [], "logs/a": [], "logs/b": [] });
  expect([...stillListed(memory, ["logs/", "first"]).keys.keys()]).toEqual(["logs/a", "logs/b", "first"]);
});

describe("a reading with another value of a key", () => {
  const listed = ["first", "logs/", "last"];
  const before = reading({ "logs/b": ["b"], "logs/d": ["d"], last: ["l"] });
  const keysWith = (key: string) =>
    withKey(before, listed, { key, text: "[]" }).keys.map(({ key, value, modRevision }) => [
      key,
      value,
      modRevision,
    ]);
  const [b, d, last] = [
    ["logs/b", '["b"]', 5],
    ["logs/d", '["d"]', 5],
    ["last", '["l"]', 5],
  ];

  test.each<[string, unknown[]]>([
    ["logs/d", [b, ["logs/d", "[]", 5], last]],
    ["logs/c", [b, ["logs/c", "[]", 0], d, last]],
    ["logs/Z", [["logs/Z", "[]", 0], b, d, last]],
    ["first", [["first", "[]", 0], b, d, last]],
    ["last", [b, d, ["last", "[]", 5]]],
    ["elsewhere", [b, d, last]],
  ])("has %s in etcd's order", (key, keys) => {
    expect(keysWith(key)).toEqual(keys as never);
  });

  test("is unchanged if none is given", () => {
    expect(withKey(before, listed, null)).toBe(before);
  });
});
