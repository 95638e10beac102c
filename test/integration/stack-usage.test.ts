import { expect, test } from "bun:test";
import { join } from "node:path";
import { outputOf } from "../support/command.ts";
import { newFolder } from "../support/folder.ts";

const main = join(import.meta.dir, "../../infra/stack/main.ts");

async function run(...argv: string[]) {
  using cache = newFolder();
  const env = { ...process.env, PENSTOCK_CACHE: cache.path };
  return await outputOf([process.execPath, main, ...argv], { env });
}

test.each([
  [[], "A command is missing"],
  [["sideways"], "Unknown command: sideways"],
  [["up", "down"], "One command at a time"],
  [["down", "--json"], "--json is an option of status"],
  [["up", "--ports", "mine"], '--ports is "mine"'],
  [["status", "--cluster"], "--cluster is an option of up"],
  [["up", "--fast"], "--fast"],
  [["down", "--kafka", "3.9"], "--kafka is an option of up"],
  [
    ["up", "--kafka", "2.6"],
    '--kafka is "2.6": it must be one of 2.8 (2.8.2), 3.3 (3.3.2), 3.9 (3.9.1), 4.1 (4.1.1)',
  ],
])("wrong usage %j ends with 2 and says why", async (argv, message) => {
  const { code, error } = await run(...argv);
  expect(code).toBe(2);
  expect(error).toContain(message);
  expect(error).toContain("Usage: bun run stack");
});

test("without a stack, status and env fail and down has nothing to do", async () => {
  expect(await run("status")).toMatchObject({ code: 1, out: "No stack is up.\n" });
  const { code, out } = await run("status", "--json");
  expect({ code, status: JSON.parse(out) }).toEqual({ code: 1, status: { up: false, servers: [] } });
  expect(await run("env")).toMatchObject({ code: 1, error: "No stack is up: run bun run stack up first\n" });
  expect(await run("down")).toMatchObject({ code: 0, out: "No stack is up.\n" });
});
