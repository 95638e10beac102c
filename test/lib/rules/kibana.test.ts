import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { kibanaObjects, toNdjson } from "../../../lib/rules/kibana.ts";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import { declaration } from "../../support/declarations.ts";

const DEAD_LETTERS = "penstock.dead-letters";
const viewsOf = (...declarations: Declaration[]) =>
  kibanaObjects(declarations, DEAD_LETTERS).objects.filter(({ type }) => type === "index-pattern");
/** The search over the topics of a declaration. */
const searchOf = (one: Declaration) => {
  const search = kibanaObjects([one], DEAD_LETTERS).objects.findLast(({ type }) => type === "search");
  return searchSchema.parse(search);
};

const reference = z.strictObject({ name: z.string(), type: z.literal("index-pattern"), id: z.string() });
/** The part of Kibana's `SCHEMA_SEARCH_V8_8_0` that we use. Kibana refuses unknown attributes too. */
const searchSchema = z.strictObject({
  type: z.literal("search"),
  id: z.string(),
  attributes: z.strictObject({
    title: z.string(),
    description: z.string(),
    columns: z.array(z.string()),
    sort: z.array(z.array(z.string()).length(2)),
    kibanaSavedObjectMeta: z.strictObject({
      searchSourceJSON: z.string().transform((json) =>
        z
          .strictObject({
            query: z.strictObject({ query: z.string(), language: z.literal("kuery") }),
            filter: z.array(z.never()),
            indexRefName: z.string(),
          })
          .parse(JSON.parse(json)),
      ),
    }),
  }),
  references: z.array(reference).length(1),
  coreMigrationVersion: z.literal("8.8.0"),
  typeMigrationVersion: z.literal("8.0.0"),
});

describe("a data view", () => {
  test.each([
    ["golang_log", {}, "penstock-topic-golang_log", "golang_log"],
    ["App.Log", { index: "app-log" }, "penstock-topic-App.Log", "app-log"],
    ["etcd_log", { index: "logs-{topic}-{yyyy.MM.dd}" }, "penstock-topic-etcd_log", "logs-etcd_log-*"],
    ["app-*", {}, "penstock-pattern-app-*", "app-*"],
    ["app-?", {}, "penstock-pattern-app-?", "app-*"],
    ["App-*", { index: "apps-{yyyy.MM.dd}" }, "penstock-pattern-App-*", "apps-*"],
    ["app-*", { index: "{topic}-{yyyy.MM.dd}" }, "penstock-pattern-app-*", "app-*-*"],
  ])("of %s with %j is %s over %s", (name, options, id, title) => {
    expect(viewsOf(declaration(name, options)).at(-1)).toEqual({
      type: "index-pattern",
      id,
      attributes: { title, name, timeFieldName: "@timestamp", allowNoIndex: true },
      references: [],
      coreMigrationVersion: "8.8.0",
      typeMigrationVersion: "8.0.0",
    });
  });

  test("always exists for all records, and once for names declared twice, from the first declaration", () => {
    const views = viewsOf(
      declaration("app-*", { index: "first" }),
      declaration("both", { index: "of-the-file" }),
      declaration("both", { index: "of-etcd" }, { kind: "etcd", name: "logs/", revision: 3 }),
      declaration("app-*", { index: "second" }),
    );
    expect(views.map(({ attributes }) => attributes["title"])).toEqual([
      "penstock-records,penstock-streams",
      "of-the-file",
      "first",
    ]);
  });

  test("is left out for dead letters, and for a pattern that cannot be an index name, which is reported", () => {
    const { objects, leftOut } = kibanaObjects(
      [declaration("App-*"), declaration("_x*"), declaration(DEAD_LETTERS)],
      DEAD_LETTERS,
    );
    expect(objects).toHaveLength(2);
    expect(leftOut).toEqual([
      'pattern "App-*": no index can have a name like "App-*"',
      'pattern "_x*": no index can have a name like "_x*"',
    ]);
  });
});

describe("a search", () => {
  test.each([
    ["golang_log", {}, 'kafka.topic : "golang_log"', ["log.level", "message"]],
    ["or", {}, 'kafka.topic : "or"', ["log.level", "message"]],
    ["orders", { format: "json" as const }, 'kafka.topic : "orders"', ["log.level", "message"]],
    ["app-*", {}, "kafka.topic : app-*", ["kafka.topic", "log.level", "message"]],
    ["app-?", {}, "kafka.topic : app-*", ["kafka.topic", "log.level", "message"]],
  ])("of %s with %j has the query %s and shows %j", (name, options, query, columns) => {
    const { id, attributes, references } = searchOf(declaration(name, options));
    const { searchSourceJSON } = attributes.kibanaSavedObjectMeta;
    expect(searchSourceJSON.query.query).toBe(query);
    expect(attributes).toMatchObject({ title: name, columns, sort: [["@timestamp", "desc"]] });
    expect(references).toEqual([{ name: searchSourceJSON.indexRefName, type: "index-pattern", id }]);
  });
});

test("a search over a pattern leaves out what it excludes, but for a ? that the query language cannot say", () => {
  const exclude = ["app-debug-*", "app-x", "app-?"];
  const target = { kind: "pattern", pattern: "app-*", exclude } as const;
  const { searchSourceJSON } = searchOf({ ...declaration("app-*"), target }).attributes.kibanaSavedObjectMeta;
  expect(searchSourceJSON.query.query).toBe(
    'kafka.topic : app-* and not kafka.topic : app-debug-* and not kafka.topic : "app-x"',
  );
});

test("the objects have unique ids, and each reference points to one of them", () => {
  const { objects } = kibanaObjects(
    [declaration("x"), declaration("x*"), declaration("records")],
    DEAD_LETTERS,
  );
  const ids = objects.map(({ type, id }) => `${type} ${id}`);
  expect(new Set(ids).size).toBe(8);
  for (const { references } of objects)
    for (const { type, id } of references) expect(ids).toContain(`${type} ${id}`);
});

test("infra/deploy/kibana/penstock.ndjson contains the objects without any declaration", async () => {
  const file = Bun.file(join(import.meta.dir, "../../../infra/deploy/kibana/penstock.ndjson"));
  expect(await file.text()).toBe(toNdjson(kibanaObjects([], DEAD_LETTERS).objects));
});
