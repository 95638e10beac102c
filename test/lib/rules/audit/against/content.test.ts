import { describe, expect, test } from "bun:test";
import {
  differenceOf,
  documentKey,
  isJudged,
  learnContent,
  readContent,
  recordKey,
} from "../../../../../lib/rules/audit/against/content.ts";
import { leavesOf } from "../../../../../lib/rules/audit/against/leaves.ts";

/** Ten records and their documents. */
function pairs(record: (n: number) => string, document: (n: number) => Record<string, unknown>) {
  return Array.from({ length: 10 }, (_, n) => ({
    record: readContent(Buffer.from(record(n))),
    document: leavesOf(document(n)),
  }));
}
const json = (n: number): string => JSON.stringify({ n, user: { id: n }, time: `10:0${n}`, tags: ["a"] });

describe("where a tool writes a record's content", () => {
  test.each([
    ["Filebeat, Logstash and Vector", (line: string) => ({ message: line, host: "a" })],
    ["Fluent Bit", (line: string) => ({ payload: line, offset: 7 })],
    ["a field of another name", (line: string) => ({ custom: { line } })],
    ["with white space around it", (line: string) => ({ msg: ` ${line}\n` })],
  ])("text: %s", (_, document) => {
    const view = learnContent(
      pairs(
        (n) => `line ${n}`,
        (n) => document(`line ${n}`),
      ),
    );
    expect(isJudged(view)).toBe(true);
    expect(view.mainly).toBe("text");
    const record = readContent(Buffer.from("line 5"));
    expect(differenceOf(record, leavesOf(document("line 5")), view)).toBeNull();
    const [field] = [...leavesOf(document("")).keys()];
    expect(differenceOf(record, leavesOf(document("line 6")), view)).toEqual(
      expect.objectContaining({ record: "line 5", document: expect.stringContaining("line 6") }),
    );
    expect(field).toBeString();
    expect(documentKey(leavesOf(document("line 5")), view)).toBe(recordKey(record, view));
  });

  test.each([
    ["at top level", (value: object) => ({ ...value, host: "added" })],
    ["in an object", (value: object) => ({ payload: value, topic: "app" })],
    ["two levels deep", (value: object) => ({ a: { b: value }, n: 17 })],
  ])("the members of JSON: %s", (_, document) => {
    const of = (n: number) => document(JSON.parse(json(n)) as object);
    const view = learnContent(pairs(json, of));
    expect(isJudged(view)).toBe(true);
    expect(view.mainly).toBe("json");
    expect(view.rewritten.size).toBe(0);
    const record = readContent(Buffer.from(json(3)));
    expect(differenceOf(record, leavesOf(of(3)), view)).toBeNull();
    expect(differenceOf(record, leavesOf(of(4)), view)?.field).toEndWith("n");
    expect(documentKey(leavesOf(of(3)), view)).toBe(recordKey(record, view));
    expect(documentKey(leavesOf(of(4)), view)).not.toBe(recordKey(record, view));
    // Nothing in it can have changed.
    expect(differenceOf(readContent(Buffer.from('{"n":null}')), leavesOf(document({})), view)).toBeNull();
  });

  test("a member that the tool always rewrites or drops is not compared; one that changed once is", () => {
    const view = learnContent(
      pairs(json, (n) => ({ ...(JSON.parse(json(n)) as object), time: "now", user: undefined })),
    );
    expect([...view.rewritten].sort()).toEqual(["time", "user.id"]);
    const record = readContent(Buffer.from(json(3)));
    expect(differenceOf(record, leavesOf({ n: 3, tags: "a", time: "later" }), view)).toBeNull();
    expect(differenceOf(record, leavesOf({ n: 3, tags: "b", time: "later" }), view)).toEqual({
      field: "tags",
      record: "a",
      document: "b",
    });
    expect(differenceOf(record, leavesOf({ n: 3 }), view)?.document).toBeNull();
  });

  test("a member that the tool adds where records may have their own is not compared", () => {
    const records = (n: number): string => JSON.stringify(n === 0 ? { n, host: "mine" } : { n });
    const view = learnContent(
      pairs(records, (n) => ({ ...(JSON.parse(records(n)) as object), host: "theirs" })),
    );
    expect([...view.rewritten]).toEqual(["host"]);
  });

  test("a JSON record that the tool could not parse may be there as text", () => {
    const view = learnContent(pairs(json, (n) => JSON.parse(json(n)) as Record<string, unknown>));
    const broken = readContent(Buffer.from('{"n":'));
    expect(
      differenceOf(broken, leavesOf({ message: '{"n":', tags: ["_jsonparsefailure"] }), view),
    ).toBeNull();
    expect(differenceOf(broken, leavesOf({ message: "{" }), view)?.record).toBe('{"n":');
  });

  test("a text without its first word, which rsyslog takes for a host", () => {
    const line = (n: number): string => `10.0.0.${n} GET /${n}`;
    const view = learnContent(pairs(line, (n) => ({ message: ` GET /${n}` })));
    expect(view).toMatchObject({ headWords: 1, mainly: "text", equal: 10 });
    const record = readContent(Buffer.from(line(3)));
    expect(differenceOf(record, leavesOf({ message: "GET /3" }), view)).toBeNull();
    expect(differenceOf(record, leavesOf({ message: line(3) }), view)).toBeNull();
    expect(differenceOf(record, leavesOf({ message: "GET /4" }), view)).not.toBeNull();
    expect(recordKey(record, view)).toBe("GET /3");
  });

  test("documents of something else are not judged", () => {
    expect(
      isJudged(
        learnContent(
          pairs(
            (n) => `line ${n}`,
            (n) => ({ parsed: { number: n } }),
          ),
        ),
      ),
    ).toBe(false);
    expect(isJudged(learnContent([]))).toBe(false);
  });
});
