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

describe("--against", () => {
  test("compares one topic with an index", () => {
    expect(parseAuditArguments(["app", "--against", "logs-*"])).toEqual({
      kind: "against",
      topic: "app",
      index: "logs-*",
      position: "find",
      group: null,
      json: false,
      config: null,
    });
    expect(
      parseAuditArguments(["--against=x", "app", "--position", "p,o", "--group", "g", "--json"]),
    ).toMatchObject({ position: { kind: "fields", partition: "p", offset: "o" }, group: "g", json: true });
    expect(parseAuditArguments(["--against=x", "app", "--position", "none"])).toMatchObject({
      position: null,
    });
  });

  test.each([
    [["--against", "x"], "--against compares one topic, not 0"],
    [["--against", "x", "a", "b"], "--against compares one topic, not 2"],
    [["--against", "", "a"], "--against is empty"],
    [["--against", "x", "a", "--repair"], "--against only reads, so it does not go with --repair"],
    [
      ["--against", "x", "a", "--remove-doubles"],
      "--against only reads, so it does not go with --remove-doubles",
    ],
    [["--position", "none", "a"], "--position needs --against INDEX"],
    [["--group", "g", "a"], "--group needs --against INDEX"],
    [["--against", "x", "a", "--position", "offset"], '--position is "offset"'],
  ])("%p is refused", (argv, message) => {
    expect(() => parseAuditArguments(argv)).toThrow(message);
  });
});
