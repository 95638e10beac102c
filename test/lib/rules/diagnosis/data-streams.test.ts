import { describe, expect, test } from "bun:test";
import {
  judgeRetentions,
  judgeStreams,
  type StreamFacts,
  templateFor,
  type TemplateFacts,
} from "../../../../lib/rules/diagnosis/data-streams.ts";
import { absentHoldings } from "../../../../lib/rules/progress/holdings.ts";

const declared = [{ stream: "logs-app-prod", topics: ["app", "web"], retention: "30d" }];
const ours = template("penstock-stream-logs-app-prod", ["logs-app-prod"], 151);

function template(
  name: string,
  patterns: readonly string[],
  priority: number,
  isOfStreams = true,
): TemplateFacts {
  return { name, patterns, priority, isOfStreams };
}

function judged(facts: Partial<StreamFacts>): unknown[] {
  return judgeStreams(declared, { manageTemplates: true, refusals: new Map(), templates: [], ...facts });
}

describe("with managed templates", () => {
  test("a stream is well with ours, before ours is written, and beside one of lower priority", () => {
    const well = [{ state: "ok", name: "data streams", seen: "1 template there, or can be written" }];
    expect(judged({})).toMatchObject(well);
    expect(judged({ templates: [ours] })).toMatchObject(well);
    expect(judged({ templates: [template("logs", ["logs-*-*"], 100), ours] })).toMatchObject(well);
  });

  test("a refusal is a failure with Elasticsearch's reason and the topics", () => {
    const refusals = new Map([["logs-app-prod", 'there is an index named "logs-app-prod"']]);
    expect(judged({ refusals })).toMatchObject([
      {
        state: "failed",
        name: "data stream logs-app-prod",
        seen: 'there is an index named "logs-app-prod"; declared for app, web',
      },
    ]);
  });

  test.each([
    [
      'there is an index named "logs-app-prod", so no data stream can have this name',
      /^declare another dataStream, or delete that index \(/,
    ],
    [
      'there is an alias named "logs-app-prod", so no data stream can have this name',
      /^declare another dataStream, or remove that alias$/,
    ],
    [
      "data streams need Elasticsearch 8.15 or later, and this is 8.11.0",
      /^upgrade Elasticsearch, or declare index /,
    ],
    [
      "Elasticsearch answered 400: illegal_argument_exception: index template [penstock-stream-logs-app-prod] has index pattern [logs-app-prod] matching patterns from existing templates [mine] with patterns (mine => [logs-app-*]) that have the same priority [151]",
      /^give the other template another priority than 151, or /,
    ],
    ["Elasticsearch answered 400: unknown setting", /^correct what the reason names/],
  ])("a refusal has the remedy that helps: %s", (reason, remedy) => {
    const refusals = new Map([["logs-app-prod", reason]]);
    expect(judged({ refusals })).toMatchObject([{ state: "failed", remedy: expect.stringMatching(remedy) }]);
  });

  test("another template that wins is a warning, and a failure if it makes indices", () => {
    expect(judged({ templates: [ours, template("mine", ["logs-*"], 200)] })).toMatchObject([
      {
        state: "warning",
        seen: "index template mine (priority 200) is used for it instead of Penstock's (151): its mappings and retention count",
      },
    ]);
    expect(judged({ templates: [ours, template("mine", ["logs-*"], 200, false)] })).toMatchObject([
      { state: "failed", seen: expect.stringContaining("makes an index and no data stream") },
    ]);
  });
});

describe("without managed templates", () => {
  test("a stream needs a template of the user's that makes data streams", () => {
    expect(judged({ manageTemplates: false })).toMatchObject([
      { state: "failed", seen: expect.stringContaining("no index template makes it") },
    ]);
    expect(
      judged({ manageTemplates: false, templates: [template("mine", ["logs-*"], 0, false)] }),
    ).toMatchObject([
      { state: "failed", seen: expect.stringContaining("makes an index and no data stream") },
    ]);
  });

  test("a declared retention is not applied, which is a warning", () => {
    const templates = [template("mine", ["logs-*"], 0)];
    expect(judged({ manageTemplates: false, templates })).toMatchObject([
      { state: "warning", seen: expect.stringContaining("its retention of 30d is not applied") },
    ]);
    const keptForever = [{ stream: "logs-app-prod", topics: ["app"], retention: null }];
    expect(
      judgeStreams(keptForever, { manageTemplates: false, refusals: new Map(), templates }),
    ).toMatchObject([{ state: "ok" }]);
  });
});

test("an existing stream that keeps documents for another time than declared is a warning", () => {
  const day = 86_400_000;
  const judgedAs = (retention: string | null, found: object) =>
    judgeRetentions(
      [{ stream: "logs-app-prod", topics: ["app"], retention }],
      new Map([["logs-app-prod", { ...absentHoldings(), kind: "data stream", ...found }]]),
    ).map(({ seen }) => seen);
  expect(judgedAs("90d", { retentionMs: 7 * day })).toEqual([
    "it keeps documents for 7 days, and 90d is declared for app",
  ]);
  expect(judgedAs("90d", { retentionMs: null })).toEqual([
    "it does not delete by age, and 90d is declared for app",
  ]);
  expect(judgedAs("48h", { retentionMs: 2 * day })).toEqual([]);
  expect(judgedAs(null, { retentionMs: 2 * day })).toEqual([]);
  expect(judgedAs("90d", { retentionMs: null, reason: "not allowed" })).toEqual([]);
  expect(judgedAs("90d", { kind: "absent" })).toEqual([]);
});

test("of the templates that match, the one with the highest priority is used", () => {
  const templates = [
    template("a", ["logs-*"], 1),
    template("b", ["x", "logs-app-*"], 2),
    template("c", ["*"], 0),
  ];
  expect(templateFor("logs-app-prod", templates)?.name).toBe("b");
  expect(templateFor("logs-web", templates)?.name).toBe("a");
  expect(templateFor("metrics", templates)?.name).toBe("c");
  expect(templateFor("metrics", templates.slice(0, 2))).toBeNull();
});
