import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { z } from "zod";
import { COMMANDS } from "../../infra/cli/commands.ts";
import { openApiDocument } from "../../infra/host/http/kit/openapi.ts";
import { subjects } from "../../infra/api/subjects.ts";
import { createMetrics } from "../../lib/adapters/metrics/metrics.ts";
import { configJsonSchema } from "../../lib/rules/config/json-schema.ts";
import { codeIn, readTop, tableUnder } from "../support/markdown.ts";

/** The manual's tables list what the code has: they cannot go stale. */

const table = (page: string, heading: string): string[][] =>
  tableUnder(readTop(`infra/manual/${page}`), heading);

type Node = Readonly<{
  default?: unknown;
  properties?: Readonly<Record<string, Node>> | undefined;
  anyOf?: readonly Node[] | undefined;
  oneOf?: readonly Node[] | undefined;
  items?: Node | undefined;
}>;
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    default: z.unknown().optional(),
    properties: z.record(z.string(), node).optional(),
    anyOf: z.array(node).optional(),
    oneOf: z.array(node).optional(),
    items: node.optional(),
  }),
);
const schema = node.parse(configJsonSchema());

/** The settings under a node, by their full key; a list is one setting, and so is what may be a value or a mapping. */
function settingsOf({ properties = {} }: Node, prefix = ""): [key: string, setting: Node][] {
  return Object.entries(properties).flatMap(([name, child]): [string, Node][] => {
    const key = `${prefix}${name}`;
    if (child.properties !== undefined) return settingsOf(child, `${key}.`);
    const ways = [...(child.anyOf ?? []), ...(child.oneOf ?? [])].flatMap((way) =>
      settingsOf(way, `${key}.`),
    );
    const setting: [string, Node] = [key, child];
    // Several ways may have the same key.
    return Array.from(new Map([setting].concat(ways)));
  });
}

describe("the config reference", () => {
  const rows = table("config.md", "## Settings");
  const settings = settingsOf(schema);

  test("has every key of the JSON Schema once, and no other", () => {
    const listed = rows.flatMap(([keys]) => codeIn(keys));
    expect(listed.toSorted()).toEqual(settings.map(([key]) => key).toSorted());
  });

  test("names the defaults that the JSON Schema has", () => {
    const said = rows.map(([keys, , fallback]) => ({ keys: codeIn(keys), fallback }));
    const isShown = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
    for (const [key, { default: fallback }] of settings.filter(([, setting]) => isShown(setting.default))) {
      const row = said.find(({ keys }) => keys.includes(key));
      expect({ key, fallback: row?.fallback }).toEqual({
        key,
        fallback: fallback === "" ? "empty" : `\`${String(fallback)}\``,
      });
    }
  });

  test("infra/config.example.yaml shows every key too", () => {
    const example = readTop("infra/config.example.yaml");
    // A setting without a default is there as a comment.
    const sections = new Map(
      example.split(/^(?=(?:# )?\w+:(?: #.*)?$)/m).map((text) => [/\w+/.exec(text)?.[0], text]),
    );
    const missing = settings.filter(([key]) => {
      const names = key.split(".");
      const section = sections.get(names[0]) ?? "";
      return names.some((name) => !new RegExp(`\\b${name}:`).test(section));
    });
    expect(missing.map(([key]) => key)).toEqual([]);
  });
});

test("the table of a declaration has every field of one", () => {
  const entries = schema.properties?.["topics"]?.items?.anyOf ?? [];
  const fields = entries.flatMap(({ properties = {} }) => Object.keys(properties));
  const listed = table("topics.md", "## Fields of a declaration").flatMap(([field]) => codeIn(field));
  expect(listed.toSorted()).toEqual(fields.toSorted());
});

test("the table of alerts has every alert with its severity", () => {
  const alerts = z
    .object({
      groups: z.array(
        z.object({
          rules: z.array(z.object({ alert: z.string(), labels: z.object({ severity: z.string() }) })),
        }),
      ),
    })
    .parse(parse(readTop("infra/deploy/prometheus/alerts.yaml")))
    .groups.flatMap(({ rules }) => rules.map(({ alert, labels }) => [`\`${alert}\``, labels.severity]));
  const listed = table("monitoring.md", "## What to alert on");
  expect(listed.map(([alert, severity]) => [alert, severity])).toEqual(alerts);
});

test("the table of metrics has every metric with its type", async () => {
  const text = await createMetrics().text();
  const metrics = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const listed = table("monitoring.md", "## Metrics").map(([name, type]) => `${codeIn(name)[0]} ${type}`);
  expect(listed.toSorted()).toEqual(metrics.toSorted());
});

test("the table of commands has every command", () => {
  const listed = table("commands.md", "# Command line").flatMap(([command]) => codeIn(command));
  const named = listed.flatMap((text) => /^(?:bun run|penstock) (\S+)/.exec(text)?.[1] ?? []);
  expect([...new Set(named)].toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
});

test("the table of routes has every route, those of the console's own pages aside", () => {
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(openApiDocument(subjects));
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, "<$1>")}`),
  );
  const listed = table("http-api.md", "# HTTP API").flatMap(([route]) => codeIn(route));
  const named = listed.flatMap((text) => /^[A-Z]+ [^?]+/.exec(text)?.[0] ?? []);
  const isOwn = (route: string): boolean => /^GET \/(ui|assets)\//.test(route);
  expect([...new Set(named)].toSorted()).toEqual(routes.filter((route) => !isOwn(route)).toSorted());
});
