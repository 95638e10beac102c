import { describe, expect, test } from "bun:test";
import { declarationRows, filterRows } from "../../../../../infra/console/app/plan/declaration-rows.ts";
import { listedEntry, listedKey, listing } from "./listing.ts";

describe("the rows of what is declared", () => {
  test("the config file's come first; settings that are as by default are left out", () => {
    const path = {
      path: "/a.log",
      index: null,
      dataStream: null,
      retention: null,
      startAt: "earliest",
      format: "json",
    } as const;
    const entry = listedEntry(
      { topic: "a" },
      {
        options: {
          ...path,
          timestamp: ["a", "b"],
          message: null,
          pipeline: null,
          rejected: "flatten",
          hold: false,
        },
      },
    );
    const rows = declarationRows(listing([{ topic: "file" }], [listedKey("logs/a", [entry])]));
    expect(rows.map(({ id, options }) => [id, options])).toEqual([
      ["config/0", []],
      [
        "logs/a/0",
        [
          ["path", "/a.log"],
          ["format", "json"],
          ["timestamp", "a, b"],
        ],
      ],
    ]);
  });

  test("a refused entry has its reason and what stands there, object or not", () => {
    const refused = { state: "refused", options: null, refused: "no topic" } as const;
    const object = listedEntry({ topic: "B!" }, { ...refused, declaration: { topic: "B!", colour: 1 } });
    const number = listedEntry(
      { topic: "x" },
      { ...refused, entry: 1, target: null, name: null, declaration: null },
    );
    const key = listedKey("logs/a", [object, number], { text: '[{"topic":"B!","colour":1}, 7]' });
    const rows = declarationRows(listing([], [key]));
    expect(rows.map(({ raw, refused }) => [raw, refused])).toEqual([
      ['{"topic":"B!","colour":1}', "no topic"],
      ["7", "no topic"],
    ]);
    expect(rows[0]?.options).toEqual([["colour", "1"]]);
  });

  test("a key that is no list stands there itself, with its text, before what it said last", () => {
    const kept = listedEntry({ topic: "a" }, { declaration: null, lastGoodKept: true });
    const key = listedKey("logs/a", [kept], { text: "{no", problem: "is not JSON" });
    const rows = declarationRows(listing([], [key]));
    expect(rows.map(({ entry, raw, lastGoodKept }) => [entry, raw, lastGoodKept])).toEqual([
      [null, "{no", true],
      [0, null, true],
    ]);
  });

  test("an absent key is a row too, and no etcd none", () => {
    const absent = listedKey("logs", [], { revision: 0, text: null, exact: true });
    expect(declarationRows(listing([], [absent])).map(({ entry }) => entry)).toEqual([null]);
    expect(declarationRows(listing([], null))).toEqual([]);
  });

  test("the filter looks at name, key, settings and reason, in any case", () => {
    const rows = declarationRows(
      listing(
        [{ pattern: "app-*" }],
        [listedKey("logs/x", [listedEntry({ topic: "pay" }, { refused: "Index is closed" })])],
      ),
    );
    const found = (text: string) => filterRows(rows, text).map(({ id }) => id);
    expect(found("APP-")).toEqual(["config/0"]);
    expect(found("config")).toEqual(["config/0"]);
    expect(found("logs/X")).toEqual(["logs/x/0"]);
    expect(found("is closed")).toEqual(["logs/x/0"]);
    expect(found(" ")).toHaveLength(2);
    expect(found("nothing")).toEqual([]);
  });
});
