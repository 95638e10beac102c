import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { outcomeKinds, retryCodes } from "../../../lib/rules/model/record.ts";
import { topicStates } from "../../../lib/rules/progress/status.ts";
import { exposedMetrics } from "../../support/exposed-metrics.ts";
import { readPromql } from "../../support/promql.ts";

/**
 * Neither Prometheus nor Grafana runs here: every expression is read and held against what a host exposes. Whether the
 * alerts fire when they should is for promtool to say: test/integration/alerts.test.ts.
 */

const folder = join(import.meta.dir, "../../../infra/deploy");
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const exposed = await exposedMetrics();

const alerts = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Penstock[A-Z]\w+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
            annotations: z.strictObject({ summary: z.string(), description: z.string().min(80) }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(read("prometheus/alerts.yaml")))
  .groups.flatMap(({ rules }) => rules);

const dashboard = z
  .object({
    title: z.string(),
    uid: z.string(),
    id: z.null(),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), type: z.string(), definition: z.string().optional() })),
    }),
    panels: z.array(
      z.object({
        id: z.number(),
        title: z.string(),
        type: z.string(),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        datasource: z.object({ type: z.literal("prometheus"), uid: z.literal("${datasource}") }).optional(),
        targets: z
          .array(
            z.object({
              expr: z.string(),
              legendFormat: z.string(),
              datasource: z.object({ uid: z.string() }),
            }),
          )
          .default([]),
      }),
    ),
  })
  .parse(JSON.parse(read("grafana/penstock.json")));

const targets = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map((target) => ({ title, ...target })),
);
const expressions = [...alerts, ...targets].map(({ expr }) => expr);
/** What fills the lists of the dashboard's variables: `label_values(series, label)`. */
const variableQueries = dashboard.templating.list.flatMap(({ definition }) =>
  definition === undefined ? [] : [/^label_values\((.+), (\w+)\)$/.exec(definition) ?? [definition]],
);

describe("the alerts", () => {
  test.each(alerts.map((rule) => [rule.alert, rule] as const))("%s asks for what there is", (_, rule) => {
    const reading = readPromql(rule.expr, exposed);
    expect(reading.faults).toEqual([]);
    const { summary, description } = rule.annotations;
    const named = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(named.filter((label) => !reading.labels.has(label ?? ""))).toEqual([]);
  });

  test("have a name each, and each one's firing is tested", () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names).toEqual([...new Set(names)]);
    const tested = [...read("prometheus/alerts.test.yaml").matchAll(/labels: 'ALERTS\{alertname="(\w+)"/g)];
    expect([...new Set(tested.map(([, name = ""]) => name))].toSorted()).toEqual(names.toSorted());
  });
});

describe("the dashboard", () => {
  test.each(targets.map((target) => [target.title, target] as const))(
    "%s asks for what there is",
    (_, target) => {
      const { faults, labels } = readPromql(target.expr, exposed);
      expect(faults).toEqual([]);
      const named = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
      expect(named.filter((label) => !labels.has(label))).toEqual([]);
      // Curves that no name tells apart.
      if (target.legendFormat.includes("{{")) expect(named.toSorted()).toEqual(namesNeeded(labels));
      expect(target.datasource.uid).toBe("${datasource}");
    },
  );

  /** The job is the same for all. */
  const namesNeeded = (labels: ReadonlySet<string>): string[] =>
    [...labels].filter((label) => label !== "job").toSorted();

  test("uses the variables it has, which ask for what there is", () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    expect(names).toEqual(["datasource", "instance", "topic"]);
    const text = targets.map(({ expr }) => expr).join("\n");
    const used = [...text.matchAll(/\$(?!__)\{?(\w+)/g)].map(([, name = ""]) => name);
    expect([...new Set(used)].toSorted()).toEqual(["instance", "topic"]);
    expect(variableQueries).toHaveLength(2);
    for (const [, series = "", label = ""] of variableQueries) {
      const { faults, labels } = readPromql(series, exposed);
      expect(faults).toEqual([]);
      expect(labels).toContain(label);
    }
  });

  test("keeps to its instances everywhere, and has rows of panels that do not overlap", () => {
    for (const { title, expr } of targets) {
      const selected = expr.match(/\b(?:penstock|process)_\w+/g) ?? [];
      const kept = expr.match(/\w\{instance=~"\$instance"/g) ?? [];
      expect([title, kept.length]).toEqual([title, selected.length]);
    }
    expect(dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      "Overview",
      "Topics",
      "Elasticsearch",
      "Sources and reconcile",
      "Process",
    ]);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

test("values of labels are words that a host uses", () => {
  const words: Readonly<Record<string, readonly string[]>> = {
    outcome: outcomeKinds,
    state: topicStates,
    reason: retryCodes,
    result: ["done", "failed"],
    source: ["config", "etcd"],
    check: ["config", "kafka", "elasticsearch", "etcd", "progress"],
  };
  const asked = expressions.flatMap((expr) => [...expr.matchAll(/(\w+)(?:=~?|!=|!~)"([^"$]+)"/g)]);
  expect(asked.length).toBeGreaterThan(10);
  const unknown = asked.filter(([, label = "", value = ""]) =>
    value.split("|").some((word) => words[label]?.includes(word) === false),
  );
  expect(unknown.map(([matcher]) => matcher)).toEqual([]);
});

test("every metric of ours is in an alert or on the dashboard", () => {
  const familyOf = (name: string): string => name.replace(/_(bucket|sum|count)$/, "");
  const asking = [...expressions, ...variableQueries.map(([, series = ""]) => series)];
  const used = new Set(asking.flatMap((expr) => Array.from(readPromql(expr, exposed).metrics, familyOf)));
  const ours = [...exposed.keys()].map(familyOf).filter((name) => name.startsWith("penstock_"));
  /** Deliberately on neither. */
  const unused: readonly string[] = [];
  expect([...new Set(ours)].filter((name) => !used.has(name))).toEqual([...unused]);
});
