import { describe, expect, test } from "bun:test";
import type { MendingCase } from "../../../../lib/rules/mending/proposal.ts";
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
    into: null,
    ...changes,
  };
}

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

  test("beside a stream has a name that the stream's template does not match", () => {
    const { target } = caseOf();
    expect(byId(caseOf({ target: { ...target, kind: "data stream" } }), "new-index")?.proposal.index).toBe(
      "mended-logs",
    );
  });

  test.each([
    [["Value [3000000000] is out of range for an integer"], { type: "integer" }, { type: "long" }],
    [[`${unfit.slice(0, -3)}'{a=1}'`], { type: "long" }, { type: "object", enabled: false }],
    [["Expected text at 1:50 but found START_OBJECT"], { type: "text" }, { type: "object", enabled: false }],
  ])("gives the field a type that takes %j", (reasons, mapping, wider) => {
    expect(byId(caseOf({ reasons }, mapping), "new-index")?.effect.mappings).toMatchObject({
      properties: { n: wider },
    });
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
