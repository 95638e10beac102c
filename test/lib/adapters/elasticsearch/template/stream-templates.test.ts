import { describe, expect, test } from "bun:test";
import { createStreamTemplates } from "../../../../../lib/adapters/elasticsearch/template/stream-templates.ts";
import {
  createFittedForm,
  type SendJson,
} from "../../../../../lib/adapters/elasticsearch/template/template.ts";
import type { ElasticsearchAnswer } from "../../../../../lib/adapters/elasticsearch/transport/transport.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { rejection } from "../../../../support/rejection.ts";
import { settings } from "../../../../support/settings.ts";

const signal = new AbortController().signal;
const a = { stream: "logs-a-prod", retention: "30d" };
const b = { stream: "logs-b-prod", retention: null };

const refusal = (status: number, reason: string): ElasticsearchAnswer => ({
  failure: { kind: "response", status, error: { type: "illegal_argument_exception", reason } },
});

type Answers = (
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
) => ElasticsearchAnswer | null;

/** A small Elasticsearch that keeps templates; `answers` comes first. */
function world(answers: Answers = () => null, version = "9.2.0", putMs = 1) {
  const stored = new Map<string, object>();
  const asked: string[] = [];
  const logger = createMemoryLogger();
  const send: SendJson = async (method, path, body) => {
    const [pathname = ""] = path.split("?");
    if (method === "PUT") monotonicMs += putMs;
    asked.push(`${method} ${pathname}`);
    const special = answers(method, pathname, Object(body));
    if (special !== null) return special;
    if (method === "PUT" && body !== undefined) stored.set(pathname, body);
    if (method !== "GET") return { body: { acknowledged: true } };
    if (pathname === "/_index_template/penstock-stream-*") {
      const prefix = "/_index_template/";
      const list = [...stored].filter(([name]) => name.startsWith(prefix));
      return {
        body: {
          index_templates: list.map(([name, template]) => ({
            name: name.slice(prefix.length),
            index_template: template,
          })),
        },
      };
    }
    if (!pathname.startsWith("/_component_template/")) return { body: {} };
    const component = stored.get(pathname);
    return component === undefined
      ? refusal(404, "not found")
      : { body: { component_templates: [{ component_template: component }] } };
  };
  let monotonicMs = 0;
  const deps = {
    monotonicMs: () => monotonicMs,
    control: () => send,
    oldestVersion: async () => version,
    logger,
  };
  const create = () =>
    createStreamTemplates({ ...deps, form: createFittedForm(settings().elasticsearch.template, logger) });
  return {
    templates: create(),
    /** Another host. */
    create,
    stored,
    logger,
    writes: () => asked.splice(0).filter((request) => !request.startsWith("GET")),
  };
}

describe("the templates of data streams", () => {
  test("are one component, and one index template for each; written once", async () => {
    const { templates, create, stored, writes } = world();
    expect(await templates.ensure([a, b], signal)).toEqual(new Map());
    expect(writes()).toEqual([
      "PUT /_component_template/penstock-streams",
      "PUT /_index_template/penstock-stream-logs-a-prod",
      "PUT /_index_template/penstock-stream-logs-b-prod",
    ]);
    expect(stored.get("/_index_template/penstock-stream-logs-a-prod")).toMatchObject({
      index_patterns: ["logs-a-prod"],
      priority: 151,
      data_stream: {},
      composed_of: ["penstock-streams"],
      template: { aliases: { "penstock-streams": {} }, lifecycle: { data_retention: "30d" } },
    });
    // Without a declared retention the stream still rolls over.
    expect(stored.get("/_index_template/penstock-stream-logs-b-prod")).toHaveProperty(
      "template.lifecycle",
      {},
    );
    expect(stored.get("/_component_template/penstock-streams")).toMatchObject({
      template: {
        settings: { "index.mapping.ignore_malformed": true, "index.mode": "standard" },
        mappings: {
          subobjects: false,
          properties: {
            "@timestamp": { type: "date", ignore_malformed: false },
            "data_stream.dataset": { type: "constant_keyword" },
            "kafka.topic": { type: "keyword" },
          },
        },
      },
    });
    await templates.ensure([a, b], signal);
    await create().ensure([a, b], signal);
    expect(writes()).toEqual([]);
  });

  test("follow a changed retention, and come back after a loss", async () => {
    const { templates, stored, writes } = world();
    await templates.ensure([a, b], signal);
    writes();
    await templates.ensure([{ ...a, retention: "7d" }, b], signal);
    expect(writes()).toEqual(["PUT /_index_template/penstock-stream-logs-a-prod"]);
    stored.clear();
    await templates.ensure([b], signal);
    expect(writes()).toEqual([
      "PUT /_component_template/penstock-streams",
      "PUT /_index_template/penstock-stream-logs-b-prod",
    ]);
  });

  test("of a newer version are left as they are", async () => {
    const { templates, stored, writes } = world();
    await templates.ensure([a], signal);
    for (const [path, template] of stored) stored.set(path, { ...template, version: 99 });
    writes();
    await templates.ensure([{ ...a, retention: "7d" }], signal);
    expect(writes()).toEqual([]);
  });

  test("do without what the server lacks, and are then not written again", async () => {
    const { templates, stored, writes, logger } = world((method, path, body) => {
      if (method !== "PUT") return null;
      const text = JSON.stringify(body);
      if (text.includes("constant_keyword"))
        return refusal(400, "The mapper type [constant_keyword] declared on field [x] does not exist");
      return text.includes('"lifecycle"') ? refusal(400, "[template] unknown field [lifecycle]") : null;
    });
    expect(await templates.ensure([a], signal)).toEqual(new Map());
    expect(stored.get("/_component_template/penstock-streams")).toMatchObject({
      template: { mappings: { properties: { "data_stream.type": { type: "keyword" } } } },
    });
    expect(stored.get("/_index_template/penstock-stream-logs-a-prod")).not.toHaveProperty(
      "template.lifecycle",
    );
    expect(logger.lines.map(({ fields }) => fields?.["lacks"])).toEqual(["constantKeyword", "lifecycle"]);
    writes();
    await templates.ensure([a], signal);
    expect(writes()).toEqual([]);
  });

  test.each(["tryOut", "ensure"] as const)("do without it if several are under way (%s)", async (act) => {
    const { templates, logger } = world((_, __, body) =>
      JSON.stringify(body).includes('"lifecycle"')
        ? refusal(400, "[template] unknown field [lifecycle]")
        : null,
    );
    const several = ["a", "b", "c", "d", "e"].map((name) => ({ stream: name, retention: "30d" }));
    expect(await templates[act](several, signal)).toEqual(new Map());
    expect(logger.lines).toHaveLength(1);
  });

  test("are tried out without a write, the component's content inlined", async () => {
    const simulated: unknown[] = [];
    const { templates, stored } = world((method, path, body) => {
      if (method === "POST")
        simulated.push([path, body["composed_of"], Object.keys(Object(body["template"]))]);
      return null;
    });
    expect(await templates.tryOut([a], signal)).toEqual(new Map());
    expect(simulated).toEqual([
      [
        "/_index_template/_simulate/penstock-stream-logs-a-prod",
        [],
        ["settings", "mappings", "aliases", "lifecycle"],
      ],
    ]);
    expect(stored.size).toBe(0);
  });
});

describe("a stream is refused alone", () => {
  const keyOfA = "penstock-stream-logs-a-prod";

  test("if an index or an alias has its name", async () => {
    const { templates, writes } = world((_, path) =>
      path.startsWith("/_resolve/index/")
        ? { body: { indices: [{ name: "logs-a-prod" }], aliases: [{ name: "other" }] } }
        : null,
    );
    for (const act of ["tryOut", "ensure"] as const)
      expect(await templates[act]([a, b], signal)).toEqual(
        new Map([[keyOfA, 'there is an index named "logs-a-prod", so no data stream can have this name']]),
      );
    expect(writes()).not.toContain(`PUT /_index_template/${keyOfA}`);
  });

  test("if Elasticsearch refuses its template, with the reason", async () => {
    const reason =
      "index template [x] has index patterns [logs-a-prod] matching patterns from existing templates [y]";
    const { templates } = world((method, path) =>
      method !== "GET" && path.endsWith(keyOfA) ? refusal(400, reason) : null,
    );
    for (const act of ["tryOut", "ensure"] as const)
      expect([...(await templates[act]([a, b], signal))]).toEqual([
        [keyOfA, expect.stringContaining("matching patterns from existing templates [y]")],
      ]);
  });

  test("and without the privilege to look for names, they are not looked for", async () => {
    const { templates } = world((_, path) => (path.startsWith("/_resolve") ? refusal(403, "no") : null));
    expect(await templates.ensure([a], signal)).toEqual(new Map());
  });
});

test("an Elasticsearch before 8.13 refuses all streams, because its bulks cannot demand one", async () => {
  const { templates, writes } = world(undefined, "8.12.2");
  expect([...(await templates.ensure([a], signal)).values()]).toEqual([
    "data streams need Elasticsearch 8.13 or later, and this is 8.12.2",
  ]);
  expect(writes()).toEqual([]);
  expect((await world(undefined, "8.13.0").templates.ensure([a], signal)).size).toBe(0);
});

test("too many at once: the rest is refused, and written with the next tries", async () => {
  const { templates, writes } = world(undefined, "9.2.0", 1_000);
  const many = Array.from({ length: 12 }, (_, n) => ({ stream: `logs-${n}-prod`, retention: null }));
  const left = await templates.ensure(many, signal);
  expect(left.size).toBeGreaterThan(5);
  expect([...left.values()][0]).toStartWith("there are too many new data streams");
  // One of them is the component's.
  expect(writes().length).toBe(many.length - left.size + 1);
  const after = await templates.ensure(many, signal);
  expect(after.size).toBeLessThan(left.size);
  await templates.ensure(many, signal);
  expect(await templates.ensure(many, signal)).toEqual(new Map());
});

test("a failure that is no refusal of the content is thrown: nothing is known then", async () => {
  const { templates } = world((method) => (method === "PUT" ? refusal(503, "busy") : null));
  expect(await rejection(templates.ensure([a], signal))).toMatchObject({ code: "elasticsearch_unavailable" });
});

describe("an existing stream", () => {
  const existing = (lifecycle: object | undefined) => ({
    body: {
      metadata: { data_stream: { data_stream: { "logs-a-prod": { name: "logs-a-prod", lifecycle } } } },
    },
  });

  test.each<[string, object | undefined, boolean]>([
    ["has another retention", { enabled: true, data_retention: "7d" }, true],
    ["has no lifecycle", undefined, true],
    ["has its lifecycle switched off", { enabled: false, data_retention: "30d" }, true],
    ["keeps documents for ever", { enabled: true }, true],
    ["has the same in other words", { enabled: true, data_retention: "720h" }, false],
  ])("that %s gets the declared one where they differ", async (_, lifecycle, changes) => {
    const { templates, writes } = world((_method, path) =>
      path.startsWith("/_cluster/state") ? existing(lifecycle) : null,
    );
    await templates.ensure([a, b], signal);
    expect(writes().filter((request) => request.includes("_lifecycle"))).toEqual(
      changes ? ["PUT /_data_stream/logs-a-prod/_lifecycle"] : [],
    );
  });

  test("whose retention cannot be changed is written all the same, and told once", async () => {
    const { templates, logger } = world((method, path) => {
      if (path.startsWith("/_cluster/state")) return existing({ enabled: true, data_retention: "7d" });
      return method === "PUT" && path.endsWith("_lifecycle")
        ? refusal(400, "no handler found for uri")
        : null;
    });
    for (let time = 0; time < 2; time += 1) expect(await templates.ensure([a], signal)).toEqual(new Map());
    expect(logger.lines.filter(({ level }) => level === "warn")).toMatchObject([
      {
        fields: {
          stream: "logs-a-prod",
          declared: "30d",
          reason: expect.stringContaining("no handler found"),
        },
      },
    ]);
  });

  const mapped = (type: string) => ({
    mappings: { "kafka.topic": { full_name: "kafka.topic", mapping: { topic: { type } } } },
  });
  const mappings = {
    body: {
      ".ds-logs-a-prod-2026.11.30-000001": mapped("keyword"),
      ".ds-logs-b-prod-2026.11.30-000001": mapped("keyword"),
    },
  };

  test("that another template made joins the alias of all streams", async () => {
    const bodies: unknown[] = [];
    const { templates } = world((method, path, body) => {
      if (method === "POST" && path === "/_aliases") bodies.push(body);
      if (path === "/logs-a-prod,logs-b-prod/_alias")
        return { body: { "logs-b-prod": { aliases: { "penstock-streams": {} } } } };
      if (path.endsWith("/_mapping/field/kafka.topic")) return mappings;
      if (!path.startsWith("/_resolve/index/")) return null;
      // The alias, if it were asked for, would lead to the backing indices of all streams.
      expect(path).toBe("/_resolve/index/logs-a-prod,logs-b-prod");
      return { body: { data_streams: [{ name: "logs-a-prod" }, { name: "logs-b-prod" }] } };
    });
    expect(await templates.tryOut([a, b], signal)).toEqual(new Map());
    expect(bodies).toEqual([]);
    expect(await templates.ensure([a, b], signal)).toEqual(new Map());
    expect(bodies).toEqual([{ actions: [{ add: { index: "logs-a-prod", alias: "penstock-streams" } }] }]);
  });

  test("joins the alias although another one may not be changed, which alone stays out", async () => {
    const bodies: unknown[] = [];
    const error = { type: "security_exception", reason: "no manage" };
    const { templates, logger } = world((method, path, body) => {
      if (method === "POST" && path === "/_aliases") {
        if (JSON.stringify(body).includes("logs-a-prod"))
          return { failure: { kind: "response", status: 403, error } };
        bodies.push(body);
      }
      if (path.endsWith("/_mapping/field/kafka.topic")) return mappings;
      if (!path.startsWith("/_resolve/index/")) return null;
      return { body: { data_streams: [{ name: "logs-a-prod" }, { name: "logs-b-prod" }] } };
    });
    expect(await templates.ensure([a, b], signal)).toEqual(new Map());
    expect(bodies).toEqual([{ actions: [{ add: { index: "logs-b-prod", alias: "penstock-streams" } }] }]);
    expect(logger.lines.map(({ fields }) => fields)).toContainEqual({
      streams: ["logs-a-prod"],
      reason: "Elasticsearch answered 403 security_exception: no manage",
    });
  });

  test("stays out of the alias if counts by topic would fail on it", async () => {
    const bodies: unknown[] = [];
    const c = { stream: "logs-c-prod", retention: null };
    const { templates, logger } = world((method, path, body) => {
      if (method === "POST" && path === "/_aliases") bodies.push(body);
      if (path === "/logs-a-prod,logs-b-prod,logs-c-prod/_mapping/field/kafka.topic")
        return {
          body: {
            ".ds-logs-a-prod-2026.11.30-000001": mapped("text"),
            ".ds-logs-a-prod-2026.11.30-000002": mapped("keyword"),
            ".ds-logs-b-prod-2026.11.30-000001": mapped("keyword"),
            // Not logs-b-prod, whose name it begins with.
            ".ds-logs-b-prod-2-2026.11.30-000001": mapped("text"),
            // A record would make it text.
            ".ds-logs-c-prod-2026.11.30-000001": { mappings: {} },
          },
        };
      if (!path.startsWith("/_resolve/index/")) return null;
      return {
        body: { data_streams: ["logs-a-prod", "logs-b-prod", "logs-c-prod"].map((name) => ({ name })) },
      };
    });
    expect(await templates.ensure([a, b, c], signal)).toEqual(new Map());
    expect(bodies).toEqual([{ actions: [{ add: { index: "logs-b-prod", alias: "penstock-streams" } }] }]);
    expect(logger.lines.map(({ fields }) => fields)).toContainEqual({
      streams: ["logs-a-prod"],
      reason: "they map kafka.topic as another type than keyword",
    });
    expect(logger.lines.map(({ fields }) => fields)).toContainEqual({
      streams: ["logs-c-prod"],
      reason: "they do not map kafka.topic as keyword",
    });
  });

  test("without a declared retention keeps its lifecycle", async () => {
    const { templates, writes } = world();
    await templates.ensure([{ ...a, retention: null }], signal);
    expect(writes().filter((request) => request.includes("_lifecycle"))).toEqual([]);
  });
});
