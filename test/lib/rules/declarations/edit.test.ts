import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { editDeclarations, type DeclarationsEdit } from "../../../../lib/rules/declarations/edit.ts";

const add = (entry: Record<string, unknown> & { topic: string }): DeclarationsEdit => ({
  kind: "add",
  target: { kind: "topic", topic: entry.topic },
  entry,
});
const remove = (topic: string): DeclarationsEdit => ({ kind: "remove", target: { kind: "topic", topic } });

function changedText(text: string | null, edit: DeclarationsEdit): string {
  const result = editDeclarations(text, edit);
  if (result.kind !== "changed") throw new Error(`expected a change, got ${JSON.stringify(result)}`);
  return result.text;
}

describe("add", () => {
  test("starts a list if the key is absent or empty", () => {
    for (const text of [null, "[]", " [ ] "]) {
      expect(changedText(text, add({ topic: "a" }))).toBe('[\n  {"topic":"a"}\n]');
    }
  });

  test("appends in the existing layout", () => {
    expect(changedText('["x"]', add({ topic: "a" }))).toBe('["x", {"topic":"a"}]');
    expect(changedText('[\n    "x",\n    "y"\n]\n', add({ topic: "a" }))).toBe(
      '[\n    "x",\n    "y",\n    {"topic":"a"}\n]',
    );
  });

  test("replaces the entry of the same topic and drops further ones", () => {
    const text = '["x", {"topic": "a", "path": "/old"}, "y", "a"]';
    expect(changedText(text, add({ topic: "a", path: "/new" }))).toBe(
      '["x", {"topic":"a","path":"/new"}, "y"]',
    );
    expect(editDeclarations(text, add({ topic: "a" }))).toMatchObject({ how: "replaced" });
  });

  test("changes nothing if an equal entry exists, in any order of fields", () => {
    const text = '[{"path": "/p", "topic": "a"}]';
    expect(editDeclarations(text, add({ topic: "a", path: "/p" }))).toEqual({ kind: "unchanged" });
  });

  test("distinguishes a pattern from a topic of the same name", () => {
    const pattern = { kind: "pattern", pattern: "a" } as const;
    const edit: DeclarationsEdit = { kind: "add", target: pattern, entry: { pattern: "a" } };
    expect(changedText('["a"]', edit)).toBe('["a", {"pattern":"a"}]');
  });

  test("leaves unknown entries unchanged", () => {
    const strange =
      '[ 12345678901234567890.10, {"x": 1, "x": 2}, null, ["a", [","]], {"topic": 7, "s": "]\\"},{"} ]';
    const text = changedText(strange, add({ topic: "a" }));
    expect(text).toBe(
      '[ 12345678901234567890.10, {"x": 1, "x": 2}, null, ["a", [","]], {"topic": 7, "s": "]\\"},{"}, {"topic":"a"} ]',
    );
  });
});

describe("remove", () => {
  test("removes every entry of the topic and no other", () => {
    expect(changedText('["a", {"topic": "b"}, {"topic":"a"}]', remove("a"))).toBe('[{"topic": "b"}]');
    expect(changedText('["a"]', remove("a"))).toBe("[]");
  });

  test("of an absent topic is refused", () => {
    for (const text of [null, "[]", '["b", {"topic": "constructor"}]']) {
      expect(editDeclarations(text, remove("a"))).toEqual({
        kind: "refused",
        about: "target",
        reason: 'it does not declare "a"',
      });
    }
  });
});

describe("replace", () => {
  const replace = (topic: string, entry: Record<string, unknown> & { topic: string }): DeclarationsEdit => ({
    kind: "replace",
    target: { kind: "topic", topic },
    named: { kind: "topic", topic: entry.topic },
    entry,
  });

  test("replaces the entry, under the same name or another, and keeps every other byte", () => {
    const text = '[ "x", {"topic": "a", "indx": 1}, {"x":1,  "x": 2.0} ]';
    expect(changedText(text, replace("a", { topic: "a" }))).toBe(
      '[ "x", {"topic":"a"}, {"x":1,  "x": 2.0} ]',
    );
    expect(changedText(text, replace("a", { topic: "b", path: "/p" }))).toBe(
      '[ "x", {"topic":"b","path":"/p"}, {"x":1,  "x": 2.0} ]',
    );
    expect(editDeclarations('[{"topic":"a"}]', replace("a", { topic: "a" }))).toEqual({ kind: "unchanged" });
  });

  test("is refused if the entry is missing, or another one has the new name", () => {
    expect(editDeclarations('["b"]', replace("a", { topic: "c" }))).toEqual({
      kind: "refused",
      about: "target",
      reason: 'it does not declare "a"',
    });
    expect(editDeclarations('["a", {"topic": "b"}]', replace("a", { topic: "b" }))).toEqual({
      kind: "refused",
      about: "declaration",
      reason: 'it already declares "b" in another entry',
    });
  });
});

test.each(["{}", '"a"', "null", '{"topic": "a"}'])("%s is refused because it is not an array", (text) => {
  expect(editDeclarations(text, add({ topic: "a" }))).toEqual({
    kind: "refused",
    about: "key",
    reason: "its value is not a JSON array",
  });
});

test.each(["", "[", "[1,]", "golang_log"])("%j is refused because it is not JSON", (text) => {
  const result = editDeclarations(text, add({ topic: "a" }));
  expect(result).toMatchObject({ kind: "refused" });
  expect(result).toHaveProperty("reason", expect.stringContaining("valid JSON"));
});

describe("for any list", () => {
  const list = fc.array(fc.jsonValue()).map((values) => ({
    values: values.filter((value) => value !== "mine"),
    indent: values.length % 3,
  }));

  test("adding then removing restores the values", () => {
    fc.assert(
      fc.property(list, ({ values, indent }) => {
        const text = JSON.stringify(values, null, indent);
        const parsed: unknown = JSON.parse(text);
        const added = changedText(text, add({ topic: "mine" }));
        expect(JSON.parse(added)).toEqual([
          ...values.map((value) => JSON.parse(JSON.stringify(value))),
          { topic: "mine" },
        ]);
        expect(JSON.parse(changedText(added, remove("mine")))).toEqual(parsed);
      }),
    );
  });

  test("adding is idempotent", () => {
    fc.assert(
      fc.property(list, ({ values, indent }) => {
        const added = changedText(JSON.stringify(values, null, indent), add({ topic: "mine" }));
        expect(editDeclarations(added, add({ topic: "mine" }))).toEqual({ kind: "unchanged" });
      }),
    );
  });
});
