import { expect, test } from "bun:test";
import {
  keyForNew,
  meansPrefix,
  newKeyOf,
  placeOf,
  shadowOf,
} from "../../../../lib/rules/declarations/etcd-keys.ts";

test("a key is covered by the first entry that equals it or is a prefix of it", () => {
  const listed = ["logs/", "exact", "logs/more/"];
  expect(
    ["exact", "logs/a", "logs/more/a", "logs", "exact2", "exact/"].map((key) => placeOf(key, listed)),
  ).toEqual([1, 0, 0, -1, -1, -1]);
});

test("an entry that ends in * is a prefix of any character, an empty rest included", () => {
  const listed = ["log_b", "log_*", "logs/*"];
  expect(["log_b", "log_a", "log_", "log", "logs/a/b", "log_*"].map((key) => placeOf(key, listed))).toEqual([
    0, 1, 1, -1, 2, 1,
  ]);
});

test("an entry is idle if an earlier prefix covers all of its keys", () => {
  expect(shadowOf("logs/a", ["logs", "log*", "logs/"])).toBe("log*");
  expect(shadowOf("logs/more/", ["logs/*"])).toBe("logs/*");
  expect(shadowOf("logs/*", ["logs/"])).toBe("logs/");
  expect(shadowOf("log*", ["logs/", "log"])).toBeNull();
  expect(shadowOf("logs/", ["logs/a", "logs/more/"])).toBeNull();
});

test("who names a listed prefix means the prefix; a pattern's own key may look like another", () => {
  const listed = ["log_*", "exact"];
  expect(["log_*", "any/", "log_app-*", "exact"].map((key) => meansPrefix(key, listed))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a new declaration goes to the first full key, else below the first prefix", () => {
  const topic = { kind: "topic", topic: "app" } as const;
  const pattern = { kind: "pattern", pattern: "app-*" } as const;
  expect(newKeyOf(["logs/", "exact", "other"])).toEqual({ key: "exact", prefix: null });
  expect(newKeyOf(["logs/", "more/"])).toEqual({ key: null, prefix: "logs/" });
  expect(keyForNew(["logs/", "exact"], topic)).toBe("exact");
  expect(keyForNew(["logs/", "more/"], topic)).toBe("logs/app");
  expect(keyForNew(["logs/"], pattern)).toBe("logs/app-*");
  expect(newKeyOf(["log_*", "exact"])).toEqual({ key: "exact", prefix: null });
  expect(keyForNew(["log_*"], topic)).toBe("log_app");
});
