import { describe, expect, test } from "bun:test";
import {
  COMMON_OPTIONS,
  commandNamed,
  parseWords,
  wantsJson,
  wholeNumber,
} from "../../../../infra/cli/kit/arguments.ts";

const options = { ...COMMON_OPTIONS, config: { type: "string" } } as const;

describe("arguments", () => {
  test("are parsed like Node does", () => {
    const { values } = parseWords({ args: ["--config", "a.yaml", "--json"], options });
    expect(values).toMatchObject({ config: "a.yaml", json: true, help: false });
  });

  test.each([
    [["--confg", "a"], 'Unknown option: --confg (did you mean "--config"?)'],
    [["--frobnicate"], "Unknown option: --frobnicate (known: --json, --help, --config)"],
    [["-x"], "Unknown option: -x (known: --json, --help, --config)"],
    [["--config"], "--config"],
    [["more"], "more"],
  ])("%j is wrong usage", (args, message) => {
    expect(() => parseWords({ args, options })).toThrow(message);
    expect(() => parseWords({ args, options })).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("an unknown command gets a similar name, or all of them", () => {
    expect(commandNamed("list", ["list", "add"])).toBe("list");
    expect(() => commandNamed("lst", ["list", "add"])).toThrow('did you mean "list"?');
    expect(() => commandNamed("frobnicate", ["list", "add"])).toThrow("known: list, add");
    expect(() => commandNamed(undefined, ["list", "add"])).toThrow("A command is missing: list, add");
  });

  test("a number must be an integer and not too small", () => {
    expect(wholeNumber("rounds", "12", 1)).toBe(12);
    for (const wrong of ["0", "1.5", "x", "-1"])
      expect(() => wholeNumber("rounds", wrong, 1)).toThrow(`--rounds is "${wrong}"`);
  });

  test("JSON is wanted if --json is among the options", () => {
    expect(wantsJson(["list", "--json"])).toBe(true);
    expect(wantsJson(["list", "--", "--json"])).toBe(false);
    expect(wantsJson([])).toBe(false);
  });
});
