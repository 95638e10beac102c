import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../infra/stack/main.ts");

async function run(...argv: string[]): Promise<{ code: number; out: string; errors: string }> {
  const cache = await mkdtemp(join(tmpdir(), "penstock-cache-"));
  const child = Bun.spawn([process.execPath, main, ...argv], {
    env: { ...process.env, PENSTOCK_CACHE: cache },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  await rm(cache, { recursive: true });
  return { code, out, errors };
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
  const { code, errors } = await run(...argv);
  expect(code).toBe(2);
  expect(errors).toContain(message);
  expect(errors).toContain("Usage: bun run stack");
});

test("without a stack, status and env fail and down has nothing to do", async () => {
  expect(await run("status")).toMatchObject({ code: 1, out: "No stack is up.\n" });
  const { code, out } = await run("status", "--json");
  expect({ code, status: JSON.parse(out) }).toEqual({ code: 1, status: { up: false, servers: [] } });
  expect(await run("env")).toMatchObject({ code: 1, errors: "No stack is up: run bun run stack up first\n" });
  expect(await run("down")).toMatchObject({ code: 0, out: "No stack is up.\n" });
});
