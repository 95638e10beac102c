import { describe, expect, test } from "bun:test";
import { parseAuditArguments } from "../../../../infra/cli/audit/arguments.ts";

describe("the arguments of an audit", () => {
  test("without arguments: all topics, no repair", () => {
    expect(parseAuditArguments([])).toEqual({
      kind: "audit",
      topics: [],
      repair: false,
      removeDoubles: false,
      json: false,
      config: null,
    });
  });

  test("topics count once, and options may be anywhere", () => {
    expect(parseAuditArguments(["b", "--repair", "a", "b", "--json", "--config", "x.yaml"])).toEqual({
      kind: "audit",
      topics: ["b", "a"],
      repair: true,
      removeDoubles: false,
      json: true,
      config: "x.yaml",
    });
  });

  test("--help has precedence", () => {
    expect(parseAuditArguments(["--help", "not a topic"])).toEqual({ kind: "help" });
    expect(parseAuditArguments(["-h"])).toEqual({ kind: "help" });
  });

  test("an unknown argument is named", () => {
    expect(() => parseAuditArguments(["--repiar"])).toThrow("--repiar");
    expect(() => parseAuditArguments(["not a topic"])).toThrow(
      '"not a topic" is not a valid Kafka topic name',
    );
    expect(() => parseAuditArguments(["--config"])).toThrow("--config");
  });
});
