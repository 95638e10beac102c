import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseCursor } from "../../../../../../lib/rules/search/query/cursor.ts";
import {
  aroundPath,
  documentPath,
  exploreHref,
  type ExploreState,
  exportPath,
  frozenHref,
  parseExplore,
  searchPath,
  tailPath,
} from "../../../../../../infra/console/app/explore/query/address.ts";

const stateOf = (href: string): ExploreState =>
  parseExplore(new URL(href, "http://localhost:8080").searchParams);
const usual: ExploreState = {
  topics: [],
  query: "",
  filters: [],
  oldestFirst: false,
  columns: [],
  from: "now-15m",
  to: "now",
  doc: null,
  refused: false,
};

test("an address without parameters is the last quarter of an hour of all topics, and the other way round", () => {
  expect(stateOf("/ui/explore")).toEqual(usual);
  expect(exploreHref(usual)).toBe("/ui/explore");
});

test("relative times stay relative in the address", () => {
  expect(exploreHref({ ...usual, from: "now-7d", query: 'a "b c" -d' })).toBe(
    "/ui/explore?q=a+%22b+c%22+-d&from=now-7d",
  );
});

test("what the page shows survives its address, whatever is looked for", () => {
  const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/);
  const states = fc.record({
    topics: fc.uniqueArray(topic, { maxLength: 4 }),
    // An address holds well-formed text only.
    query: fc.string({ unit: "grapheme" }),
    filters: fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 3 }),
    oldestFirst: fc.boolean(),
    columns: fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 3 }),
    from: fc.constantFrom("now-15m", "now-24h", "2026-11-25T12:00:00.000Z"),
    to: fc.constantFrom("now", "2026-11-25T13:00:00.000Z"),
    doc: fc.option(fc.record({ topic, id: fc.string({ unit: "grapheme", minLength: 1 }) })),
    refused: fc.boolean(),
  });
  fc.assert(
    fc.property(states, (state) => {
      expect(stateOf(exploreHref(state))).toEqual(state);
    }),
  );
});

test.each(["doc=", "doc=a", "doc=a,", "doc=,id"])("%s names no document", (text) => {
  expect(stateOf(`/ui/explore?${text}`).doc).toBeNull();
});

test("a topic that stands twice is one; an empty one is none", () => {
  expect(stateOf("/ui/explore?topic=a&topic=a&topic=").topics).toEqual(["a"]);
});

test("a link for others names moments, the usual ones too", () => {
  const nowMs = Date.parse("2026-11-25T14:03:00.123Z");
  const doc = { topic: "a", id: "a:0:7:m,w" };
  const frozen = stateOf(frozenHref({ topics: ["a"], query: "x", doc }, nowMs));
  expect(frozen).toEqual({
    topics: ["a"],
    query: "x",
    filters: [],
    oldestFirst: false,
    columns: [],
    from: "2026-11-25T13:48:00.123Z",
    to: "2026-11-25T14:03:00.123Z",
    doc,
    refused: false,
  });
  expect(stateOf(frozenHref(frozen, nowMs + 86_400_000))).toEqual(frozen);
  expect(stateOf(frozenHref({ from: "yesterday" }, nowMs)).from).toBe("yesterday");
});

test("what the host is asked", () => {
  const state = { ...usual, topics: ["a", "b"], query: "x y" };
  expect(searchPath(state, { histogram: true })).toBe("/logs?topic=a&topic=b&q=x+y&histogram=true");
  expect(searchPath(usual, { after: "abc" })).toBe("/logs?after=abc");
  expect(searchPath({ ...usual, filters: ["-a: 1"], oldestFirst: true })).toBe(
    "/logs?filter=-a%3A+1&sort=oldest",
  );
  expect(exportPath({ ...state, from: "now-1h" }, "csv")).toBe(
    "/logs/export?topic=a&topic=b&q=x+y&from=now-1h&format=csv",
  );
  expect(tailPath({ ...state, from: "now-1h" } as ExploreState)).toBe("/logs/tail?topic=a&topic=b&q=x+y");
  expect(documentPath({ topic: "a", id: "a:0:1:&" })).toBe("/logs/document?topic=a&id=a%3A0%3A1%3A%26");
});

test("the lines around one end and begin at its place, as thousands may have its time", () => {
  const at = "2026-03-04T12:00:00.123Z";
  const doc = { topic: "app", id: "app:3:4711:abc" };
  const [before, after] = (["before", "after"] as const).map(
    (side) => new URL(aroundPath(doc, at, side, 10), "http://localhost").searchParams,
  );
  expect([before, after].map((side) => side?.get("size"))).toEqual(["10", "11"]);
  expect(before?.get("sort")).toBe("newest");
  expect(before?.get("to")).toBe(at);
  expect(parseCursor(before?.get("after") ?? "")).toEqual([Date.parse(at), 3, 4711, "!", -1]);
  expect(after?.get("sort")).toBe("oldest");
  expect(after?.get("after")).toBe(before?.get("after") ?? "");
  expect(aroundPath({ topic: "app", id: "its own" }, at, "before", 10)).not.toContain("after=");
});
