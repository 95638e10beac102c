import { expect, test } from "bun:test";
import { keyForNew, newKeyOf, placeOf } from "../../../../lib/rules/declarations/etcd-keys.ts";

test("a key is covered by the first entry that equals it or is a prefix of it", () => {
  const listed = ["logs/", "exact", "logs/more/"];
  expect(
    ["exact", "logs/a", "logs/more/a", "logs", "exact2", "exact/"].map((key) => placeOf(key, listed)),
  ).toEqual([1, 0, 0, -1, -1, -1]);
});

test("a new declaration goes to the first full key, else below the first prefix", () => {
  const topic = { kind: "topic", topic: "app" } as const;
  const pattern = { kind: "pattern", pattern: "app-*" } as const;
  expect(newKeyOf(["logs/", "exact", "other"])).toEqual({ key: "exact", prefix: null });
  expect(newKeyOf(["logs/", "more/"])).toEqual({ key: null, prefix: "logs/" });
  expect(keyForNew(["logs/", "exact"], topic)).toBe("exact");
  expect(keyForNew(["logs/", "more/"], topic)).toBe("logs/app");
  expect(keyForNew(["logs/"], pattern)).toBe("logs/app-*");
});
