import { expect, test } from "bun:test";
import { declarationChanges } from "../../../../lib/rules/history/declaration-changes.ts";
import { settingsChanges } from "../../../../lib/rules/history/settings-changes.ts";
import { toDeclaration } from "../../../../lib/rules/config/to-declaration.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";

const source = (revision: number, entry: number) =>
  ({ kind: "etcd", name: "logs", revision, entry }) as const;
const declared = (topic: string, index: string, revision: number, entry = 0) =>
  toDeclaration({ topic, index, startAt: "earliest", format: "text" }, source(revision, entry));

test("declarations are compared by source and name, not by revision or place", () => {
  const before = [declared("a", "x", 7), declared("b", "y", 7, 1)];
  expect(declarationChanges(before, [declared("b", "y", 8), declared("a", "x", 8, 1)])).toEqual([]);
  const changes = declarationChanges(before, [declared("a", "z", 9), declared("c", "w", 9, 1)]);
  expect(
    changes.map(({ target, change, changes: fields, source: { revision } }) => [
      target,
      change,
      fields,
      revision,
    ]),
  ).toEqual([
    [{ topic: "a" }, "changed", [{ field: "index", from: "x", to: "z" }], 9],
    [{ topic: "c" }, "added", [], 9],
    [{ topic: "b" }, "removed", [], 7],
  ]);
});

test("a pattern's globs are part of it", () => {
  const pattern = (exclude: string[]) =>
    toDeclaration({ pattern: "app-*", exclude, startAt: "earliest", format: "text" }, source(1, 0));
  expect(declarationChanges([pattern([])], [pattern(["*-old"])])).toMatchObject([
    { target: { pattern: "app-*" }, changes: [{ field: "exclude", from: [], to: ["*-old"] }] },
  ]);
});

test("changed settings are named by their path, secrets without their values", () => {
  const sasl = (password: string) =>
    ({ mechanism: "plain", username: "u", password: new Secret(password) }) as const;
  const before = settings({ kafka: kafkaSettings({ sasl: sasl("one") }) });
  const after = settings({
    kafka: kafkaSettings({ sasl: sasl("two"), brokers: ["b:1"] }),
    log: { level: "debug" },
  });
  expect(settingsChanges(before, before)).toEqual([]);
  expect(settingsChanges(before, after)).toEqual([
    { field: "kafka.brokers", from: ["127.0.0.1:9092"], to: ["b:1"] },
    { field: "kafka.sasl.password", from: "(hidden)", to: "(hidden)" },
    { field: "log.level", from: "info", to: "debug" },
  ]);
});

test("what is the same object is not compared: 10,000 declarations are read again every 30 s", () => {
  let looks = 0;
  const watched = new Proxy(declared("a", "x", 7), {
    get(of, name): unknown {
      if (name === "options") looks += 1;
      return Reflect.get(of, name);
    },
  });
  expect(declarationChanges([watched], [watched, declared("b", "y", 8)])).toHaveLength(1);
  expect(looks).toBe(0);
  const untouchable = new Proxy(declared("a", "x", 7), {
    get(): never {
      throw new Error("it was looked at");
    },
  });
  expect(declarationChanges([untouchable], [untouchable])).toEqual([]);
});
