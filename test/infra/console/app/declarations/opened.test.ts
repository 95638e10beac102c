import { expect, test } from "bun:test";
import { openedBy } from "../../../../../infra/console/app/declarations/opened.ts";
import { listedEntry, listedKey, listing } from "../plan/listing.ts";

const entry = listedEntry({ topic: "pay" });
const key = listedKey("logs/pay", [entry]);
const all = listing([{ topic: "file" }, { pattern: "app-*" }], [key]);
const opened = (query: string) => openedBy(new URLSearchParams(query), all);

test("no topic and no form is the list", () => {
  expect(opened("q=x&page=2")).toEqual({ kind: "list" });
  expect(opened("topic=")).toEqual({ kind: "list" });
});

test("a topic opens its etcd entry, or says where else it stands", () => {
  expect(opened("topic=pay")).toEqual({ kind: "change", key, entry, target: { topic: "pay" } });
  expect(opened("topic=file")).toMatchObject({ kind: "elsewhere", config: { entry: 0 }, pattern: null });
  expect(opened("topic=app-1")).toMatchObject({
    kind: "elsewhere",
    config: null,
    pattern: { pattern: "app-*", source: "config.yaml" },
  });
  expect(opened("topic=nobody")).toEqual({ kind: "elsewhere", topic: "nobody", config: null, pattern: null });
});

test("a topic that file and etcd declare opens the winner", () => {
  const both = listing([{ topic: "pay" }], [key]);
  expect(openedBy(new URLSearchParams("topic=pay"), both)).toMatchObject({
    kind: "elsewhere",
    topic: "pay",
    config: { entry: 0 },
  });
  expect(openedBy(new URLSearchParams("form=change&key=logs/pay&topic=pay"), both).kind).toBe("change");
});

test("a new declaration begins with what the first pattern that covers the topic says", () => {
  const declaration = { pattern: "app-*", format: "json" };
  const covering = listedEntry(
    { pattern: "app-*" },
    { declaration, excluded: [{ glob: "app-9", topics: 1 }] },
  );
  const other = listedKey("logs/z", [listedEntry({ pattern: "app-1*" })]);
  const add = (topic: string, inFile: Parameters<typeof listing>[0] = []) =>
    openedBy(
      new URLSearchParams(`form=add&topic=${topic}`),
      listing(inFile, [listedKey("logs/a", [covering]), other]),
    );
  expect(add("app-1")).toEqual({ kind: "add", topic: "app-1", like: covering });
  expect(add("app-9")).toMatchObject({ like: null });
  expect(add("app-1", [{ pattern: "*-1" }])).toMatchObject({ like: { declaration: null } });
});

test("a pattern that is refused covers as what it said before, and not at all if it said nothing", () => {
  const refused = { state: "refused", refused: "unknown field" } as const;
  const pattern = (name: string, changes: Parameters<typeof listedEntry>[1]) =>
    listedKey(`logs/${name}`, [listedEntry({ pattern: name }, changes)]);
  const like = (...keys: readonly ReturnType<typeof pattern>[]) =>
    openedBy(new URLSearchParams("form=add&topic=app-1"), listing([], keys));
  const nothing = pattern("app-*", { ...refused, options: null });
  const kept = pattern("app-1*", { ...refused, lastGoodKept: true });
  expect(like(nothing)).toMatchObject({ like: null });
  expect(like(nothing, kept)).toMatchObject({ like: { name: "app-1*", declaration: null, options: {} } });
});

test("a form opens the entry of its key, and says so where it is gone", () => {
  expect(opened("form=add&topic=new")).toEqual({ kind: "add", topic: "new", like: null });
  expect(opened("form=remove&key=logs/pay&topic=pay")).toMatchObject({
    kind: "remove",
    key: { key: "logs/pay" },
  });
  expect(opened("form=change&key=logs/other&topic=pay")).toEqual({
    kind: "gone",
    key: "logs/other",
    name: "pay",
  });
  expect(opened("form=change&key=logs/pay&pattern=pay")).toMatchObject({ kind: "gone" });
});
