// `bun run test`: all tests against one real stack, booted for them unless PENSTOCK_TEST_STACK names one. Arguments go to `bun test`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgressDisplay } from "../../infra/stack/progress.ts";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { addressesOf } from "../../infra/stack/state.ts";
import { describeCount, parseJunit, type TestCount } from "./count.ts";

try {
  process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== "--"));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(testArguments: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => interrupted.abort(new Error(`the tests were ended by ${signal}`)));
  }
  const given = process.env["PENSTOCK_TEST_STACK"];
  await using stack = given === undefined ? await bootStack(interrupted.signal) : undefined;
  const addresses = stack === undefined ? given : JSON.stringify(addressesOf(stack));

  const folder = await mkdtemp(join(tmpdir(), "penstock-test-"));
  try {
    const reportFile = join(folder, "junit.xml");
    const child = Bun.spawn(
      [process.execPath, "test", "--reporter=junit", `--reporter-outfile=${reportFile}`, ...testArguments],
      {
        env: { ...process.env, PENSTOCK_TEST_STACK: addresses },
        stdio: ["inherit", "inherit", "inherit"],
        signal: interrupted.signal,
      },
    );
    const code = await child.exited;
    interrupted.signal.throwIfAborted();
    const count = await readCount(reportFile);
    process.stdout.write(`${describeCount(count)}\n`);
    return code === 0 && count.failed === 0 && count.passed > 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bootStack(signal: AbortSignal): Promise<Stack> {
  const display = createProgressDisplay(process.stderr);
  try {
    return await startStack({ signal, onProgress: (progress) => display.show(progress) });
  } finally {
    display.end();
  }
}

/** No report means that no test ran. */
async function readCount(reportFile: string): Promise<TestCount> {
  const file = Bun.file(reportFile);
  return (await file.exists()) ? parseJunit(await file.text()) : { passed: 0, failed: 0, skipped: 0 };
}
