import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { choice, flag, list, optional, parseQuery, required } from "../../../../infra/api/kit/parameters.ts";
import { logs } from "../../../../infra/api/logs.ts";
import { cursorText } from "../../../../lib/rules/search/query/cursor.ts";

const schema = z.object({
  id: required("It."),
  tag: list("Any number."),
  dryRun: flag("Whether."),
  format: choice(["ndjson", "csv", "xml"], "Which.").default("csv"),
  note: optional("Perhaps."),
});

describe("a query", () => {
  test("is read by its schema, what is absent by its default", () => {
    expect(parseQuery(schema, { id: ["a"] })).toEqual({ id: "a", tag: [], dryRun: false, format: "csv" });
    const given = { id: ["a"], tag: ["x", "x", ""], dryRun: ["true"], format: ["xml"], note: [""] };
    expect(parseQuery(schema, given)).toEqual({
      id: "a",
      tag: ["x", "x", ""],
      dryRun: true,
      format: "xml",
      note: "",
    });
  });

  test.each([
    [{}, "id is missing"],
    [{ id: [""] }, "id is missing"],
    [{ id: ["a", "a"] }, "id is given 2 times: it may be given once"],
    [{ id: ["a"], dryRun: ["True"] }, 'dryRun "True" must be true or false'],
    [{ id: ["a"], format: [""] }, 'format "" must be ndjson, csv or xml'],
    [
      { id: ["a"], dryrun: ["true"] },
      'Unknown parameter "dryrun": it must be id, tag, dryRun, format or note',
    ],
    [{ id: ["a"], constructor: ["1", "2"] }, 'Unknown parameter "constructor"'],
    [JSON.parse('{"__proto__":["1"]}') as Record<string, string[]>, 'Unknown parameter "__proto__"'],
    [{ id: ["a"], format: ["\u202e\u009b"] }, String.raw`format "\u202e\u009b" must be`],
    [{ "\u202e": [""] }, String.raw`Unknown parameter "\u202e"`],
    [{ ["x".repeat(90)]: [""] }, `Unknown parameter "${"x".repeat(80)}…"`],
  ])("%j is refused, saying why", (given, message) => {
    expect(() => parseQuery(schema, given)).toThrow(message);
  });

  test("that takes nothing says so", () => {
    expect(() => parseQuery(z.object({}), { a: ["1"] })).toThrow(
      'Unknown parameter "a": this path takes none',
    );
  });
});

describe("GET /logs", () => {
  const read = (given: Record<string, string[]>) => parseQuery(logs.routes.search.query, given);

  test("takes a size, a cursor and a flag", () => {
    expect(read({})).toEqual({ topic: [], filter: [], size: 100, sort: "newest", histogram: false });
    const after = cursorText([1, 0, 2, "a", 5]);
    expect(read({ size: ["7"], after: [after], histogram: ["true"] })).toEqual({
      topic: [],
      filter: [],
      size: 7,
      after: [1, 0, 2, "a", 5],
      sort: "newest",
      histogram: true,
    });
  });

  test.each([
    [
      { topics: ["a"] },
      'Unknown parameter "topics": it must be topic, q, filter, from, to, size, after, sort or histogram',
    ],
    ...["0", "101", "1e1", " 5", "", "-1", "9".repeat(400)].map(
      (size) => [{ size: [size] }, "must be a whole number from 1 to 100"] as const,
    ),
    [{ after: ["e30"] }, 'after "e30" must be the `next` of an answer'],
  ])("%j is refused, saying why", (given, message) => {
    expect(() => read(given as Record<string, string[]>)).toThrow(message);
  });

  test("takes a text of any length: only that of the whole search is limited, wherever it is parsed", () => {
    const long = "(".repeat(4_096);
    expect(read({ q: [long], filter: [long] })).toMatchObject({ q: long, filter: [long] });
  });

  test("a tail follows ten topics at most, however often one is named", () => {
    const tail = (topic: string[]) => parseQuery(logs.routes.tail.query, { topic });
    const ten = Array.from({ length: 10 }, (_, at) => String(at));
    expect(tail([...ten, ...ten]).topic).toHaveLength(20);
    expect(() => tail([...ten, "10"])).toThrow(
      "topic is given 11 times: it must be given at least once, and at most 10 times",
    );
  });
});
