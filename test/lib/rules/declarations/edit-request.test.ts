import { describe, expect, test } from "bun:test";
import { readDeclarationsRequest } from "../../../../lib/rules/declarations/edit-request.ts";

const rules = { listed: ["exact", "logs/"], nowMs: Date.UTC(2026, 10, 30), deadLetterTopic: "dead" };
const read = (body: unknown) => readDeclarationsRequest(body, rules);
const app = { kind: "topic", topic: "app" } as const;
const target = { topic: "app" };
const declaration = { topic: "app", path: "/p" };

describe("a request", () => {
  test.each([
    [
      "adds where new ones go",
      { action: "add", declaration },
      { key: "exact", revision: null, edit: { kind: "add", target: app, entry: declaration } },
    ],
    [
      "adds where new ones go, from a revision",
      { action: "add", declaration, key: null, revision: 7, target: null },
      { key: "exact", revision: 7, edit: { kind: "add", target: app, entry: declaration } },
    ],
    [
      "adds to a key that may be absent; what is null is not said",
      {
        action: "add",
        key: "logs/new",
        revision: 0,
        declaration: { ...declaration, topic: null, pattern: "a*" },
      },
      {
        key: "logs/new",
        revision: 0,
        edit: {
          kind: "add",
          target: { kind: "pattern", pattern: "a*" },
          entry: { path: "/p", pattern: "a*" },
        },
      },
    ],
    [
      "replaces, also by another name",
      { action: "replace", key: "exact", revision: 7, target: { topic: null, pattern: "a*" }, declaration },
      {
        key: "exact",
        revision: 7,
        edit: { kind: "replace", target: { kind: "pattern", pattern: "a*" }, named: app, entry: declaration },
      },
    ],
    [
      "removes, also what hosts would refuse",
      { action: "remove", key: "exact", revision: 7, target: { topic: "dead" }, declaration: null },
      { key: "exact", revision: 7, edit: { kind: "remove", target: { kind: "topic", topic: "dead" } } },
    ],
  ])("%s", (_, body, request) => {
    expect(read(body)).toEqual({ kind: "request", request } as never);
  });
});

describe("malformed is", () => {
  const ready = { action: "replace", key: "exact", revision: 7, target, declaration };

  test.each<[string, unknown, Record<string, string>]>([
    ["no action", {}, { action: "action is required" }],
    ["an unknown action", { action: "set" }, { action: 'action "set" is not one of add, replace or remove' }],
    ["an unknown field", { ...ready, keey: 1 }, { keey: 'field keey is unknown; did you mean "key"?' }],
    ["an empty key", { ...ready, key: "" }, { key: 'key "" is empty' }],
    ["a revision as text", { ...ready, revision: "7" }, { revision: 'revision "7" is not a whole number' }],
    ["a revision below 0", { ...ready, revision: -1 }, { revision: "revision -1 is not a whole number" }],
    ["a bare name", { ...ready, declaration: "app" }, { declaration: 'declaration "app" is not a mapping' }],
    [
      "a target of two",
      { ...ready, target: { topic: "a", pattern: "a" } },
      { target: "needs either a topic or a pattern" },
    ],
    ["a target of none", { ...ready, target: {} }, { target: "needs either a topic or a pattern" }],
    [
      "an unknown target",
      { ...ready, target: { topc: "a" } },
      { "target.topc": "field target.topc is unknown" },
    ],
    ["an empty target", { ...ready, target: { topic: "" } }, { "target.topic": 'target.topic "" is empty' }],
    [
      "an addition to a key without revision",
      { action: "add", key: "exact", declaration },
      { revision: "required" },
    ],
    ["an addition of nothing", { action: "add" }, { declaration: "declaration is required to add" }],
    [
      "an addition with a target",
      { action: "add", declaration, target },
      { target: "is not allowed with add" },
    ],
    [
      "a replacement of nowhere",
      { action: "replace" },
      { key: "required", revision: "required", declaration: "required", target: "required" },
    ],
    [
      "a removal with a declaration",
      { action: "remove", key: "exact", revision: 7, target, declaration },
      { declaration: "declaration is not allowed with remove" },
    ],
  ])("%s", (_, body, wanted) => {
    const reading = read(body);
    if (reading.kind !== "malformed") throw new Error(JSON.stringify(reading));
    expect(reading.faults.map(({ field }) => field)).toEqual(Object.keys(wanted));
    for (const { field, reason } of reading.faults) expect(reason).toContain(wanted[field] ?? "?");
  });
});

describe("refused is", () => {
  test.each<[string, Record<string, unknown>, string, string]>([
    [
      "an unknown field",
      { declaration: { topic: "app", indx: "a" } },
      "declaration.indx",
      'did you mean "index"?',
    ],
    ["a wrong value", { declaration: { topic: "app", format: "xml" } }, "declaration.format", "text or json"],
    [
      "neither topic nor pattern",
      { declaration: { path: "/p" } },
      "declaration",
      "needs a topic or a pattern",
    ],
    ["both", { declaration: { topic: "a", pattern: "a" } }, "declaration.pattern", "one or the other"],
    ["the dead-letter topic", { declaration: { topic: "dead" } }, "declaration.topic", "dead-letter topic"],
    [
      "a key nobody reads",
      { key: "else", revision: 0 },
      "key",
      'key "else" is not covered by etcd.keys (exact, logs/)',
    ],
    ["a prefix", { key: "logs/", revision: 0 }, "key", 'key "logs/" is a prefix'],
    ["a key that acts", { key: "\u202e", revision: 0 }, "key", String.raw`key "\u202e" is not covered`],
    ["a long key", { key: "k".repeat(9_000), revision: 0 }, "key", `key "${"k".repeat(80)}…" is not covered`],
  ])("%s", (_, changes, field, reason) => {
    expect(read({ action: "add", declaration, ...changes })).toMatchObject({
      kind: "refused",
      faults: [{ field, reason: expect.stringContaining(reason) as never }],
    });
  });
});

test("a listed prefix that ends in * is no key to add to; a key of that name can still be changed", () => {
  const among = { ...rules, listed: ["log_*"] };
  const key = "log_*";
  expect(readDeclarationsRequest({ action: "add", key, revision: 0, declaration }, among)).toMatchObject({
    kind: "refused",
    faults: [{ field: "key", reason: 'key "log_*" is a prefix: give a full key' }],
  });
  // The default key of the pattern "*" is called so.
  const added = readDeclarationsRequest({ action: "add", declaration: { pattern: "*" } }, among);
  expect(added).toMatchObject({ kind: "request", request: { key } });
  const pattern = { pattern: "*" };
  expect(
    readDeclarationsRequest({ action: "remove", key, revision: 7, target: pattern }, among),
  ).toMatchObject({ kind: "request", request: { key } });
});
