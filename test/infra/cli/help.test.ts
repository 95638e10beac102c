import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AUDIT_HELP } from "../../../infra/cli/audit/arguments.ts";
import { COMMANDS, WITH_HELP } from "../../../infra/cli/commands.ts";
import { DOCTOR_HELP } from "../../../infra/cli/doctor/arguments.ts";
import { helpText, JSON_ROW } from "../../../infra/cli/kit/help-text.ts";
import { REPLAY_HELP } from "../../../infra/cli/replay/arguments.ts";
import { verbHelp } from "../../../infra/cli/topics/verb.ts";
import { TOPICS_HELP, VERBS } from "../../../infra/cli/topics/verbs/all-verbs.ts";
import { scripts } from "../../../package.json";

const root = join(import.meta.dir, "../../..");

async function help(...args: string[]) {
  const child = Bun.spawn([process.execPath, join(root, "infra/cli/help.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, error, code };
}

describe("help", () => {
  test("has a line for every script of package.json and for the version, and for nothing else", () => {
    expect(Object.keys(COMMANDS).sort()).toEqual([...Object.keys(scripts), "version"].sort());
    expect(WITH_HELP.filter((command) => COMMANDS[command] === undefined)).toEqual([]);
  });

  test("shows them, as text and as JSON", async () => {
    const [text, json, wrong] = await Promise.all([help(), help("--json"), help("topcis")]);
    expect(text.code).toBe(0);
    for (const command of Object.keys(COMMANDS)) expect(text.out).toContain(`\n  ${command} `);
    expect(JSON.parse(json.out)).toEqual({ commands: COMMANDS });
    expect(wrong).toMatchObject({ code: 2, out: "", error: expect.stringContaining('"topics"') });
  });

  test.each([
    ["audit", AUDIT_HELP] as const,
    ["doctor", DOCTOR_HELP] as const,
    ["replay", REPLAY_HELP] as const,
    ["topics", TOPICS_HELP] as const,
    ...VERBS.map((verb) => [`topics ${verb.name}`, verbHelp(verb)] as const),
  ])("of %s has the common form", (command, text) => {
    expect(text).toStartWith(`Usage: bun run ${command} `);
    expect(text).toMatch(/\n {2}--json {2,}\S/);
    expect(text).toMatch(/\n {2}--help {2,}\S/);
    expect(text).toMatch(/\nExit codes: 0 [\s\S]*78 bad config[\s\S]*\.\n$/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

test("names are in one column, their explanations in the next", () => {
  const text = helpText({
    synopsis: "x",
    about: "Does it.",
    options: [["--a-rather-long-option WORD", "one\ntwo"], JSON_ROW],
    exitCodes: "0 done",
  });
  expect(text).toBe(`Usage: bun run x

Does it.

Options
  --a-rather-long-option WORD  one
                               two
  --json                       machine-readable output
  --help                       show this help

Exit codes: 0 done.
`);
});
