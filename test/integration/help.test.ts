import { expect, test } from "bun:test";
import { join } from "node:path";
import { WITH_HELP } from "../../infra/cli/commands.ts";
import { scripts } from "../../package.json";
import { outputOf } from "../support/command.ts";

const root = join(import.meta.dir, "../..");

async function run(command: string, ...args: string[]) {
  // The demo's script starts with an installation.
  const [, file = ""] = /bun (\S+\.ts)/.exec((scripts as Record<string, string>)[command] ?? "") ?? [];
  return outputOf([process.execPath, join(root, file), ...args], { cwd: root });
}

test.each([...WITH_HELP])("%s --help has the common form", async (command) => {
  const { out, error, code } = await run(command, "--help");
  expect({ error, code }).toEqual({ error: "", code: 0 });
  expect(out).toStartWith(`Usage: bun run ${command}`);
  expect(out).toMatch(/\n {2}--help {2,}\S/);
  expect(out).toMatch(/\nExit codes: 0 [^\n]*/);
  for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});

test.each([...WITH_HELP])("%s takes no option that it does not know", async (command) => {
  // Of topics it is a command's.
  const { out, error, code } = await run(command, ...(command === "topics" ? ["list"] : []), "--hepl");
  expect({ out, code }).toEqual({ out: "", code: 2 });
  expect(error).toContain(`Unknown option: --hepl (did you mean "--help"?)\nUsage: bun run ${command}`);
  expect(error).toEndWith("(see --help)\n");
});
