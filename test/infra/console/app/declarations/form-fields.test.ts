import { describe, expect, test } from "bun:test";
import {
  addedFields,
  declarationOf,
  editBody,
  emptyFields,
  errorsOf,
  fieldsOf,
  proposedFields,
  unknownMembers,
} from "../../../../../infra/console/app/declarations/form-fields.ts";
import { entryFaults } from "../../../../../lib/rules/config/cross-checks.ts";
import type { TopicOptions } from "../../../../../lib/rules/model/declaration.ts";
import { defaultOptions } from "../../../../support/declarations.ts";
import { listedEntry } from "../plan/listing.ts";

describe("the form of a declaration", () => {
  test("what is not set is left out; a pattern is named as one", () => {
    const fields = { ...emptyFields(" app-* "), kind: "pattern" as const, index: " logs ", format: "json" };
    expect(declarationOf(fields)).toEqual({ pattern: "app-*", index: "logs", format: "json" });
  });

  test("an entry comes back as it stood, but for members that nobody knows", () => {
    const stream = { dataStream: "logs-a-prod", retention: "30d" };
    const declaration = { topic: "a", path: "/a.log", ...stream, startAt: "latest", colour: 1 };
    const entry = listedEntry({ topic: "a" }, { declaration });
    const { colour, ...known } = declaration;
    expect(colour).toBe(1);
    expect(declarationOf(fieldsOf(entry, { topic: "a" }))).toEqual(known);
    expect(unknownMembers(entry)).toEqual(["colour"]);
  });

  test("several time fields stand with commas between, and one is one", () => {
    const declaration = { topic: "a", format: "json", timestamp: ["time", "ts"] };
    const fields = fieldsOf(listedEntry({ topic: "a" }, { declaration }), { topic: "a" });
    expect(fields.timestamp).toBe("time, ts");
    expect(declarationOf(fields)).toEqual(declaration);
    expect(declarationOf({ ...fields, timestamp: " ts " })).toMatchObject({ timestamp: "ts" });
    expect(declarationOf({ ...fields, timestamp: "a,b," })).toMatchObject({ timestamp: ["a", "b", ""] });
    expect(declarationOf({ ...fields, message: "a,b" })).toMatchObject({ message: "a,b" });
  });

  test("what a pattern excludes stands with commas between and is always a list; a topic has none", () => {
    const declaration = { pattern: "app-*", exclude: ["app-debug-*"] };
    const fields = fieldsOf(listedEntry({ pattern: "app-*" }, { declaration }), { pattern: "app-*" });
    expect(declarationOf(fields)).toEqual(declaration);
    expect(declarationOf({ ...fields, exclude: "a, b" })).toMatchObject({ exclude: ["a", "b"] });
    expect(declarationOf({ ...fields, kind: "topic" })).toEqual({ topic: "app-*" });
  });

  test("a topic's own declaration begins with all that its pattern says, but for what that excludes", () => {
    const declaration = { pattern: "app-*", exclude: ["app-9"], format: "json", index: "logs-{topic}" };
    const like = listedEntry({ pattern: "app-*" }, { declaration });
    const topic = { topic: "app-1", format: "json", index: "logs-{topic}" };
    expect(declarationOf(addedFields("app-1", like))).toEqual(topic);
    expect(addedFields("app-1", like).exclude).toBe("");
    expect(addedFields("app-1", null)).toEqual(emptyFields("app-1"));
    const proposed = proposedFields(new URLSearchParams("topic=app-1&rejected=flatten"));
    expect(declarationOf({ ...addedFields("app-1", like), ...proposed })).toEqual({
      ...topic,
      rejected: "flatten",
    });
    for (const query of ["", "topic=a&rejected=", "topic=a&rejected=all", "rejected=flatten"])
      expect(proposedFields(new URLSearchParams(query))).toEqual({});
  });

  test("a topic's own declaration like a pattern of the config file is one that the host takes", () => {
    const inFile = (options: Partial<TopicOptions>) =>
      addedFields("app-1", { declaration: null, options: { ...defaultOptions, ...options } });
    const text = declarationOf(inFile({}));
    expect(text).toMatchObject({ topic: "app-1", format: "text" });
    expect(entryFaults(text, "dead")).toEqual([]);
    const json = declarationOf(inFile({ format: "json", rejected: "dead-letter" }));
    expect(json).toMatchObject({ format: "json", rejected: "dead-letter" });
    expect(entryFaults(json, "dead")).toEqual([]);
    const unread = fieldsOf(listedEntry({ topic: "a" }, { declaration: null }), { topic: "a" });
    expect(entryFaults(declarationOf(unread), "dead")).toEqual([]);
  });

  test("what is refused stands in the form as it is written", () => {
    const declaration = { topic: "a", rejected: "flatten" };
    const entry = listedEntry({ topic: "a" }, { declaration, refused: "needs format: json" });
    expect(declarationOf(fieldsOf(entry, { topic: "a" }))).toEqual(declaration);
  });

  test("an entry that cannot be read now is filled in by what is in force", () => {
    const entry = listedEntry({ topic: "a" }, { declaration: null });
    expect(fieldsOf(entry, { topic: "a" })).toMatchObject({ name: "a", startAt: "earliest", path: "" });
  });
});

describe("what is asked of the host", () => {
  const revisionOf = (key: string) => (key === "logs/known" ? 12 : null);
  const add = { kind: "add", revisionOf } as const;

  test("something new goes where the host says, without a revision", () => {
    expect(editBody(add, emptyFields("a"), null)).toEqual({
      action: "add",
      key: null,
      revision: null,
      declaration: { topic: "a" },
    });
  });

  test("into a key of one's own, with the revision that was seen: 0 where the key is new", () => {
    const into = (key: string, revision: number | null = null) =>
      editBody(add, { ...emptyFields("a"), key }, revision);
    expect(into("logs/known")).toMatchObject({ key: "logs/known", revision: 12 });
    expect(into("logs/new")).toMatchObject({ key: "logs/new", revision: 0 });
    expect(into("logs/known", 13)).toMatchObject({ revision: 13 });
  });

  test("a change names what it replaces, and a removal nothing else", () => {
    const of = { key: "logs/a", target: { topic: "a" } } as const;
    expect(editBody({ kind: "change", ...of }, emptyFields("b"), 7)).toEqual({
      action: "replace",
      key: "logs/a",
      revision: 7,
      declaration: { topic: "b" },
      target: { topic: "a" },
    });
    expect(editBody({ kind: "remove", ...of }, emptyFields("b"), 7)).toEqual({
      action: "remove",
      key: "logs/a",
      revision: 7,
      target: { topic: "a" },
    });
  });
});

describe("what the host has against it", () => {
  const fields = emptyFields("a");

  test("stands beside the field it is about", () => {
    const errors = [
      { field: "declaration.topic", reason: "is no topic" },
      { field: "declaration.index", reason: "is no index" },
      { field: "declaration", reason: "declares it already" },
      { field: "key", reason: "is not listed" },
    ];
    const { byField, general } = errorsOf({ errors }, "all of it", fields);
    expect([...byField]).toEqual([
      ["name", "is no topic"],
      ["index", "is no index"],
      ["key", "is not listed"],
    ]);
    expect(general).toEqual(["declares it already"]);
  });

  test("is the sentence where no field is named, or something else answered", () => {
    expect(errorsOf({}, "etcd is away", fields).general).toEqual(["etcd is away"]);
    expect(errorsOf({ errors: [1, null, { field: 2 }] }, "sentence", fields).general).toEqual(["sentence"]);
  });
});
