import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { COMMANDS } from "../../infra/cli/commands.ts";
import { openApiDocument } from "../../infra/host/http/openapi/document.ts";
import { subjects } from "../../infra/host/http/openapi/subjects.ts";
import { configJsonSchema } from "../../lib/rules/config/json-schema.ts";

/** What README.md lists is what there is: its tables cannot go stale. */

const top = join(import.meta.dir, "../..");
const read = (path: string): string => readFileSync(join(top, path), "utf8");
const readme = read("README.md");

/** The cells of the table under a heading, without its two head rows. */
function tableUnder(heading: string): string[][] {
  const [, section] = readme.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`README.md has no heading ${heading}`);
  const lines = section.split("\n").map((line, at) => ({ line, at }));
  const first = lines.find(({ line }) => line.startsWith("|"))?.at ?? lines.length;
  const rows = lines.slice(first).map(({ line }) => line);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codeIn = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

type Node = Readonly<{
  default?: unknown;
  properties?: Readonly<Record<string, Node>> | undefined;
  anyOf?: readonly Node[] | undefined;
  items?: Node | undefined;
}>;
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    default: z.unknown().optional(),
    properties: z.record(z.string(), node).optional(),
    anyOf: z.array(node).optional(),
    items: node.optional(),
  }),
);
const schema = node.parse(configJsonSchema());

/** The settings under a node, by their full key; a list is one setting, and so is what may be a value or a mapping. */
function settingsOf({ properties = {} }: Node, prefix = ""): [key: string, setting: Node][] {
  return Object.entries(properties).flatMap(([name, child]): [string, Node][] => {
    const key = `${prefix}${name}`;
    if (child.properties !== undefined) return settingsOf(child, `${key}.`);
    const ways = (child.anyOf ?? []).flatMap((way) => settingsOf(way, `${key}.`));
    const setting: [string, Node] = [key, child];
    return [setting].concat(ways);
  });
}

describe("the config reference", () => {
  const rows = tableUnder("## Config reference");
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
    const example = read("infra/config.example.yaml");
    // What has no default stands there as a comment.
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
  const listed = tableUnder("## How topics are declared").flatMap(([field]) => codeIn(field));
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
    .parse(parse(read("infra/deploy/prometheus/alerts.yaml")))
    .groups.flatMap(({ rules }) => rules.map(({ alert, labels }) => [`\`${alert}\``, labels.severity]));
  expect(tableUnder("### What to alert on").map(([alert, severity]) => [alert, severity])).toEqual(alerts);
});

test("the table of commands has every command", () => {
  const listed = tableUnder("## Command line").flatMap(([command]) => codeIn(command));
  const named = listed.flatMap((text) => /^bun run (\S+)/.exec(text)?.[1] ?? []);
  expect([...new Set(named)].toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
});

test("the table of routes has every route, those of the console's own pages aside", () => {
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(openApiDocument(subjects));
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, "<$1>")}`),
  );
  const listed = tableUnder("## HTTP API").flatMap(([route]) => codeIn(route));
  const named = listed.flatMap((text) => /^[A-Z]+ [^?]+/.exec(text)?.[0] ?? []);
  const isOwn = (route: string): boolean => /^GET \/(ui|assets)\//.test(route);
  expect([...new Set(named)].toSorted()).toEqual(routes.filter((route) => !isOwn(route)).toSorted());
});

test("links lead somewhere", () => {
  const targets = [...readme.matchAll(/(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const anchors = new Set(
    [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => {
      const words = title.toLowerCase().replaceAll(/[^\w\s-]/g, "");
      return `#${words.replaceAll(" ", "-")}`;
    }),
  );
  const local = targets.filter((target) => !target.startsWith("http"));
  const dead = local.filter((target) =>
    target.startsWith("#") ? !anchors.has(target) : !existsSync(join(top, target)),
  );
  expect(dead).toEqual([]);
});
