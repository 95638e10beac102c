import { expect, test } from "bun:test";
import { formatListing, heldBySource, listingAsJson } from "../../../../infra/cli/topics/list.ts";
import { holdEntries, holdText } from "../../../../lib/rules/progress/hold.ts";
import { declaration } from "../../../support/declarations.ts";

test("the listing says where documents go, and how long a data stream keeps them", () => {
  const declarations = [
    declaration("plain"),
    declaration("dated", { index: "x-{yyyy.MM.dd}" }),
    declaration("stream", { dataStream: "logs-{topic}-prod" }),
    declaration("kept", { dataStream: "logs-kept-prod", retention: "30d" }),
  ];
  const words = formatListing({ declarations, refusals: [] })
    .split("\n")
    .map((line) => line.replace(/\s{2,}/g, " | "));
  expect(words.map((line) => line.split(" | ").slice(0, -1).join(" | "))).toEqual([
    "plain",
    "dated | → x-{yyyy.MM.dd}",
    "stream | → data stream logs-{topic}-prod",
    "kept | → data stream logs-kept-prod, kept 30d",
    "",
  ]);
});

test("a declaration that another of its name overrides says by which, unless that says the same but for the path", () => {
  const [one, two, three] = ["1", "2", "3"].map((name, at) =>
    declaration("app", at === 2 ? { format: "json" } : { path: `/${name}` }, {
      kind: "etcd",
      name,
      revision: 7,
    }),
  );
  const declarations = [one, two, three].filter((each) => each !== undefined);
  expect(formatListing({ declarations, refusals: [] })).toMatch(
    /"1" .*\n.*"2" .*, as in etcd key "1" .*\n.*"3" .*, overridden by etcd key "1" /,
  );
});

test("a pattern stands with what it excludes", () => {
  const target = { kind: "pattern", pattern: "app-*", exclude: ["app-debug-*", "app-x"] } as const;
  const listing = { declarations: [{ ...declaration("app-*"), target }], refusals: [] };
  expect(formatListing(listing)).toStartWith("pattern app-* but app-debug-*, app-x ");
  expect(JSON.parse(listingAsJson(listing))).toMatchObject({
    topics: [{ pattern: "app-*", exclude: ["app-debug-*", "app-x"] }],
  });
});

test("topics that an order holds stand with who and why, at the declaration that they follow", () => {
  const at = Date.UTC(2026, 0, 2);
  const order = { held: true, by: "alice@ops", at, reason: "reindexing", writtenAt: at, taken: true };
  const orders = holdEntries(
    ["app-1", "app-2", "app-free", "other"].map((topic) => ({
      topic,
      partition: 0,
      metadata: holdText({ ...order, held: topic !== "app-free" }),
    })),
  );
  const declarations = [
    declaration("app-1"),
    { ...declaration("app-*"), target: { kind: "pattern", pattern: "app-*", exclude: [] } as const },
  ];
  const listing = { declarations, refusals: [], held: heldBySource(declarations, orders, "dead") };
  const [first = "", second = ""] = formatListing(listing).split("\n");
  expect(first).toEndWith(", held by alice@ops: reindexing");
  expect(second).toEndWith(", app-2 held by alice@ops: reindexing");
  const hold = { from: "order", by: "alice@ops", since: "2026-01-02T00:00:00.000Z", reason: "reindexing" };
  expect(JSON.parse(listingAsJson(listing)).topics).toMatchObject([
    { topic: "app-1", heldBy: [{ topic: "app-1", ...hold }] },
    { pattern: "app-*", heldBy: [{ topic: "app-2", ...hold }] },
  ]);
  expect(JSON.parse(listingAsJson({ declarations, refusals: [] })).topics[0].heldBy).toBeNull();
});

test("a topic's state stands at the declaration that counts", () => {
  const listing = {
    declarations: [
      declaration("a"),
      declaration("a", {}, { kind: "etcd", name: "logs/a", revision: 7 }),
      declaration("b"),
    ],
    refusals: [],
    states: new Map([
      ["a", { state: "running", reason: null }],
      ["b", { state: "stalled", reason: "the index is\nblocked" }],
    ] as const),
  };
  expect(formatListing(listing).split("\n")).toMatchObject([
    expect.stringMatching(/^a +config\.yaml, running$/),
    expect.not.stringContaining("running"),
    expect.stringMatching(/^b +config\.yaml, stalled: the index is blocked$/),
    "",
  ]);
  expect(JSON.parse(listingAsJson(listing))).toMatchObject({
    topics: [{ state: "running" }, { state: null }, { state: "stalled" }],
  });
});
