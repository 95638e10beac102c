import { describe, expect, test } from "bun:test";
import { parseReplayArguments } from "../../../../infra/cli/replay/arguments.ts";

const now = Date.UTC(2026, 0, 2, 12);

describe("the arguments of replay", () => {
  test("all options", () => {
    const argv = [
      "--topic",
      "app",
      "--error",
      "e",
      "--since",
      "1h",
      "--index",
      "{topic}-2",
      "--dry-run",
      "--json",
    ];
    expect(parseReplayArguments([...argv, "--config", "c.yaml"], now)).toEqual({
      kind: "replay",
      request: {
        filter: { topic: "app", error: "e", sinceMs: now - 3_600_000 },
        index: "{topic}-2",
        dryRun: true,
      },
      config: "c.yaml",
      json: true,
    });
  });

  test("no options, the other ways, and help", () => {
    expect(parseReplayArguments([], now)).toMatchObject({
      kind: "replay",
      request: { dryRun: false },
      config: null,
    });
    expect(parseReplayArguments(["--digest", "--topic", "a"], now)).toMatchObject({ kind: "digest" });
    expect(parseReplayArguments(["--try", "--index", "{topic}-2"], now)).toMatchObject({
      kind: "try",
      request: { index: "{topic}-2" },
    });
    const group = ["--propose", "--refused-by", "logs"];
    expect(parseReplayArguments([...group, "--field", "n"], now)).toMatchObject({
      kind: "propose",
      request: { filter: { of: { index: "logs", field: "n" } } },
    });
    expect(parseReplayArguments(group, now)).toMatchObject({
      request: { filter: { of: { index: "logs", field: null } } },
    });
    expect(parseReplayArguments(["--since", "-7d"], now)).toMatchObject({
      request: { filter: { sinceMs: now - 7 * 86_400_000 } },
    });
    expect(parseReplayArguments(["-h"], now)).toEqual({ kind: "help" });
  });

  test.each([
    [["--dryrun"], "--dryrun"],
    [["app"], "app"],
    [["--topic"], "--topic"],
    [["--topic", "a b"], 'topic "a b" is not'],
    [["--since", "soon"], 'since "soon" is neither'],
    [["--digest", "--index", "a"], "--index has no effect"],
    [["--try", "--propose"], "--propose and --try exclude each other"],
    [["--try", "--since", "1h"], "--since has no effect with --try"],
    [["--field", "n"], "--field needs --refused-by"],
    [["--digest", "--dry-run"], "--dry-run has no effect with --digest"],
    [["--propose", "--dry-run"], "--dry-run has no effect with --propose"],
    [["--try", "--dry-run"], "--dry-run has no effect with --try"],
  ])("%j is wrong usage", (argv, message) => {
    expect(() => parseReplayArguments(argv, now)).toThrow(message);
    expect(() => parseReplayArguments(argv, now)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
