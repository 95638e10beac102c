import { describe, expect, test } from "bun:test";
import type { MendingCase } from "../../../../lib/rules/mending/proposal.ts";
import { besideNames } from "../../../../lib/rules/mending/elsewhere.ts";
import { proposalsFor } from "../../../../lib/rules/mending/proposals.ts";
import { bareSpecification } from "../../../../lib/rules/model/specification.ts";

const unfit = "failed to parse field [n] of type [long]. Preview of field's value: 'x'";

function caseOf(changes: Partial<MendingCase> = {}, mapping: object | null = { type: "long" }): MendingCase {
  return {
    group: { topic: "app", index: "logs", field: "n", error: "document_parsing_exception" },
    reasons: [unfit],
    target: {
      kind: "index",
      index: "logs",
      mayRollOver: false,
      mappings: { properties: mapping === null ? {} : { n: mapping, other: { type: "ip" } } },
      settings: { index: { number_of_shards: "3", uuid: "u", mapping: { coerce: "false" } } },
    },
    spec: { ...bareSpecification("app"), format: "json" },
    isDeclaredFor: true,
    hasSuccessors: false,
    managed: true,
    searched: "logs",
    others: [],
    into: null,
    beside: { free: "logs-mended", taken: [] },
    ...changes,
  };
}

/** Other ways in which a field's values are found. */
const parts = { fields: { words: { type: "text" } }, copy_to: ["all"] };

const ids = (one: MendingCase) => proposalsFor(one).map(({ proposal }) => proposal.id);
const byId = (one: MendingCase, id: string) => proposalsFor(one).find(({ proposal }) => proposal.id === id);

describe("proposals, the smallest change first", () => {
  test.each([
    [{ type: "long" }, ["as-it-is", "malformed-as-text", "ignore-malformed", "new-index"]],
    [{ type: "long", ignore_malformed: true }, ["as-it-is", "new-index"]],
    [{ type: "text" }, ["as-it-is"]],
    [{ type: "object", enabled: false }, ["as-it-is"]],
    [{ properties: { inner: { type: "long" } } }, ["as-it-is", "new-index"]],
    [null, ["as-it-is"]],
  ])("for %j", (mapping, expected) => {
    expect(ids(caseOf({}, mapping))).toEqual(expected);
  });

  test("an index that does not exist cannot be changed", () => {
    const { target } = caseOf();
    expect(ids(caseOf({ target: { ...target, kind: "new", index: null } }))).toEqual([
      "as-it-is",
      "new-index",
    ]);
  });

  test("flattening is proposed to those who declared otherwise, in the declaration", () => {
    const spec = { ...bareSpecification("app"), format: "json", rejected: "dead-letter" } as const;
    expect(byId(caseOf({ spec }), "flatten")).toMatchObject({
      proposal: { declare: true, request: null },
      effect: { spec: { rejected: "flatten" } },
    });
    expect(ids(caseOf({ spec, isDeclaredFor: false }))).not.toContain("flatten");
  });

  test("an alias that can roll over gets another type behind it", () => {
    const { target, group } = caseOf();
    const alias = caseOf({ target: { ...target, kind: "alias", mayRollOver: true }, group });
    expect(byId(alias, "roll-over")?.proposal).toMatchObject({
      request: { method: "POST", path: "/logs/_rollover" },
      index: null,
    });
  });

  test("letters of an index that their topic is no longer declared for are sent there by name", () => {
    expect(byId(caseOf({ isDeclaredFor: false }), "as-it-is")?.proposal.index).toBe("logs");
    expect(byId(caseOf(), "as-it-is")?.proposal.index).toBeNull();
    expect(byId(caseOf({ into: "spare" }), "into")?.proposal.index).toBe("spare");
  });

  test("a change in place, too, is followed by a replay that names such an index", () => {
    const { target, group } = caseOf();
    const alias = { ...target, kind: "alias", index: "logs-000001", mayRollOver: true } as const;
    const intos = (isDeclaredFor: boolean, ...[changes, mapping]: Parameters<typeof caseOf>) =>
      proposalsFor(caseOf({ isDeclaredFor, ...changes }, mapping)).flatMap(({ proposal }) =>
        ["as-it-is", "flatten", "new-index"].includes(proposal.id) ? [] : [[proposal.id, proposal.index]],
      );
    const limit = ["Limit of total fields [30] has been exceeded while adding new fields [1]"];
    const strict = { ...group, error: "strict_dynamic_mapping_exception" };
    for (const [isDeclaredFor, index] of [
      [false, "logs"],
      [true, null],
    ] as const) {
      expect(intos(isDeclaredFor, { target: alias })).toEqual([
        ["malformed-as-text", index],
        ["ignore-malformed", index],
        ["roll-over", index],
      ]);
      expect(intos(isDeclaredFor, { group: strict }, null)).toEqual([
        ["add-field", index],
        ["add-unindexed", index],
      ]);
      expect(intos(isDeclaredFor, { group: { ...group, field: null }, reasons: limit })).toEqual([
        ["raise-limit", index],
        ["ignore-beyond-limit", index],
      ]);
    }
  });

  test("what was mended before is proposed as it is, and a further new index gets a name of its own", () => {
    const again = caseOf({
      into: "spare",
      beside: { free: "logs-mended-2", taken: ["logs-mended", "spare"] },
    });
    expect(proposalsFor(again).map(({ proposal: { id, index } }) => [id, index])).toEqual([
      ["as-it-is", null],
      ["into", "spare"],
      ["into-logs-mended", "logs-mended"],
      ["malformed-as-text", null],
      ["ignore-malformed", null],
      ["new-index", "logs-mended-2"],
    ]);
    expect(byId(again, "new-index")?.proposal.request?.path).toBe("/logs-mended-2");
    expect(ids(caseOf({ beside: { free: null, taken: [] } }))).not.toContain("new-index");
  });

  test("names beside an index are tried one after another", () => {
    const { group } = caseOf();
    expect(besideNames(group, "index").slice(0, 2)).toEqual(["logs-mended", "logs-mended-2"]);
    const dated = { ...group, index: "logs-{yyyy.MM.dd}" };
    expect(besideNames(dated, "new")[0]).toBe("logs-mended");
    // A name for a stream must not match the stream's template.
    expect(besideNames(group, "data stream").slice(0, 2)).toEqual(["mended-logs", "mended-logs-2"]);
  });
});

describe("a request", () => {
  test("keeps what the field has, and takes the first free name for the text beside it", () => {
    const mapping = { type: "date", format: "epoch_millis", fields: { text: { type: "text" } } };
    expect(byId(caseOf({}, mapping), "malformed-as-text")?.proposal.request).toEqual({
      method: "PUT",
      path: "/logs/_mapping",
      body: {
        properties: {
          n: {
            ...mapping,
            ignore_malformed: true,
            fields: { text: { type: "text" }, raw: { type: "keyword", ignore_above: 8_191 } },
          },
        },
      },
    });
  });

  test("for a new index has the settings that decide, and neither an id nor a date of the old one", () => {
    expect(byId(caseOf(), "new-index")?.proposal).toMatchObject({
      index: "logs-mended",
      request: {
        method: "PUT",
        path: "/logs-mended",
        body: {
          settings: { "index.number_of_shards": "3", "index.mapping.coerce": "false" },
          mappings: { properties: { n: { type: "keyword" }, other: { type: "ip" } } },
        },
      },
    });
    const body = byId(caseOf(), "new-index")?.proposal.request?.body ?? {};
    expect(Object.keys(body["settings"] ?? {})).not.toContain("index.uuid");
  });

  test("for a new index keeps the fields in which words are searched, and is found by all topics", () => {
    const { target } = caseOf();
    const query = { default_field: ["message", "tags"] };
    const of = (changes: Partial<MendingCase>) =>
      byId(caseOf({ target: { ...target, settings: { index: { query } } }, ...changes }), "new-index");
    expect(of({})?.proposal.request?.body).toMatchObject({
      aliases: { "penstock-records": {} },
      settings: { "index.query.default_field": ["message", "tags"] },
    });
    expect(of({})?.effect.allSettings).toEqual({ "index.query.default_field": ["message", "tags"] });
    expect(Object.keys(of({ managed: false })?.proposal.request?.body ?? {})).toEqual([
      "settings",
      "mappings",
    ]);
  });

  test.each([
    [["Value [3000000000] is out of range for an integer"], { type: "integer" }, { type: "long" }],
    [[`${unfit.slice(0, -3)}'{a=1}'`], { type: "long" }, { type: "object", enabled: false }],
    [["Expected text at 1:50 but found START_OBJECT"], { type: "text" }, { type: "object", enabled: false }],
    [
      ["Value [3000000000] is out of range for an integer"],
      { type: "integer", coerce: false, ...parts },
      { type: "long", coerce: false, ...parts },
    ],
    [[unfit], { type: "long", coerce: false, ...parts }, { type: "keyword", ignore_above: 8_191, ...parts }],
    [[`${unfit.slice(0, -3)}'{a=1}'`], { type: "long", ...parts }, { type: "object", enabled: false }],
  ])("gives the field a type that takes %j", (reasons, mapping, wider) => {
    expect(byId(caseOf({ reasons }, mapping), "new-index")?.effect.mappings).toEqual({
      properties: { n: wider, other: { type: "ip" } },
    });
  });
});

describe("costs", () => {
  const withCost = (one: MendingCase, words: string) =>
    proposalsFor(one).flatMap(({ proposal: { id, costs } }) =>
      costs.some((cost) => cost.includes(words)) ? [id] : [],
    );
  const { target, group } = caseOf();
  const others = ["b", "c"];

  test("name other topics that write to an index that is changed", () => {
    const mayRollOver = { ...target, kind: "alias", mayRollOver: true } as const;
    const words = "Other topics write here too, and their records are not tried: b, c.";
    expect(withCost(caseOf({ others, target: mayRollOver }), words)).toEqual([
      "malformed-as-text",
      "ignore-malformed",
      "roll-over",
    ]);
    const reasons = ["Limit of total fields [30] has been exceeded while adding new fields [1]"];
    const limited = caseOf({ others, reasons, group: { ...group, field: null } });
    expect(withCost(limited, words)).toEqual(["raise-limit", "ignore-beyond-limit"]);
    expect(withCost(caseOf({ target: mayRollOver }), "Other topics")).toEqual([]);
  });

  test("say if Explore does not find the letters by their topic", () => {
    const of = (changes: Partial<MendingCase>) => withCost(caseOf({ into: "spare", ...changes }), "Explore");
    expect(of({})).toEqual(["into", "new-index"]);
    expect(of({ searched: "logs*" })).toEqual(["into"]);
    expect(of({ searched: "*" })).toEqual([]);
    // Without a declaration, all that Penstock manages is searched.
    expect(of({ searched: null })).toEqual(["into"]);
    expect(of({ searched: null, managed: false })).toEqual(["into", "new-index"]);
  });
});

describe("limits", () => {
  const reasons = ["Limit of total fields [30] has been exceeded while adding new fields [1]"];
  const group = { topic: "app", index: "logs", field: null, error: "illegal_argument_exception" };
  const limited = (limit: number, more: object = {}) => {
    const { target } = caseOf();
    const settings = { index: { mapping: { total_fields: { limit: String(limit), ...more } } } };
    return caseOf({ group, reasons, target: { ...target, settings } });
  };

  test.each([
    [30, 1_000],
    [1_000, 2_000],
    [6_000, 10_000],
  ])("%i fields become %i", (limit, higher) => {
    expect(byId(limited(limit), "raise-limit")?.proposal.request).toEqual({
      method: "PUT",
      path: "/logs/_settings",
      body: { "index.mapping.total_fields.limit": higher },
    });
  });

  test("no limit is raised beyond what a cluster bears", () => {
    expect(ids(limited(10_000))).toEqual(["as-it-is", "ignore-beyond-limit"]);
    expect(ids(limited(10_000, { ignore_dynamic_beyond_limit: "true" }))).toEqual(["as-it-is"]);
  });
});

test("a strict mapping gains the field, indexed or not; a long keyword is cut", () => {
  const strict = caseOf({
    group: { topic: "app", index: "logs", field: "new.one", error: "strict_dynamic_mapping_exception" },
    hasSuccessors: true,
  });
  expect(ids(strict)).toEqual(["as-it-is", "add-field", "add-unindexed"]);
  expect(byId(strict, "add-field")?.proposal.costs.at(-1)).toContain("unless its template says the same");
  const immense = caseOf(
    { reasons: ['Document contains at least one immense term in field="n"'] },
    { type: "keyword" },
  );
  expect(byId(immense, "ignore-above")?.proposal.request?.body).toEqual({
    properties: { n: { type: "keyword", ignore_above: 8_191 } },
  });
});
