import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGuard } from "../../../../infra/stack/process/guard.ts";
import { isAlive } from "../../../../infra/stack/process/signal.ts";

const newFolder = (): string => join(tmpdir(), `penstock-guard-${crypto.randomUUID()}`);
const environment = process.env;

/** Returns the reason of a rejection as text. */
const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing failed",
    (error: unknown) => String(error),
  );

test("a process logs into the folder, and its end is reported", async () => {
  await using guard = await createGuard(newFolder());
  const logFile = join(guard.folder, "said.log");
  const { exited } = await guard.spawn({
    command: ["sh", "-c", "echo out; echo err >&2; exit 3"],
    environment,
    logFile,
  });
  expect(await exited).toEqual({ code: 3, signal: null });
  expect(await readFile(logFile, "utf8")).toBe("out\nerr\n");
});

test("the end kills frozen processes too and removes the folder", async () => {
  const guard = await createGuard(newFolder());
  const child = await guard.spawn({
    command: ["sleep", "600"],
    environment,
    logFile: join(guard.folder, "sleep.log"),
  });
  process.kill(child.pid, "SIGSTOP");
  await guard.end();
  expect((await child.exited).signal).toBe("SIGKILL");
  expect(isAlive(child.pid)).toBe(false);
  expect(existsSync(guard.folder)).toBe(false);
  expect(await failureOf(guard.spawn({ command: ["true"], environment, logFile: "x" }))).toContain(
    "was stopped",
  );
});

test("a missing program is an error", async () => {
  await using guard = await createGuard(newFolder());
  const attempt = guard.spawn({
    command: ["no-such-program"],
    environment,
    logFile: join(guard.folder, "none.log"),
  });
  expect(await failureOf(attempt)).toContain("no-such-program");
});

test("an existing folder is refused and not touched", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-guard-"));
  await Bun.write(join(folder, "mine"), "x");
  expect(await failureOf(createGuard(folder))).toContain(folder);
  expect(existsSync(join(folder, "mine"))).toBe(true);
  await rm(folder, { recursive: true });
});
