// `bun run test`: all tests against one real stack, booted for them unless PENSTOCK_TEST_STACK names one. Arguments go to
// `bun test`; without any, all files are run, most of them two at a time.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { exitCodeOf } from "../../infra/cli/exit-code.ts";
import { abortOnSignals } from "../../infra/cli/stop-signal.ts";
import { bootStack } from "../../infra/stack/boot.ts";
import { addressesOf } from "../../infra/stack/state.ts";
import { browserVariable, findBrowser } from "./browser-path.ts";
import { describeCount, FailureDigest, parseJunit, sumCounts, type TestCount } from "./count.ts";

/** The first ones tell most. */
const REPEATED = 10;
const LAST_WORDS_MS = 2_000;

/** For hooks and for tests that name no limit of their own: two files at a time, and their servers, share the machine. */
const PATIENCE = "--timeout=20000";

/**
 * Tests that kill servers, start many hosts, measure how long something stands still, bring so many new names that
 * Elasticsearch's master has no time for others, leave its health red for a while, or simulate on every core: each has the machine to itself.
 */
const ALONE = [
  "test/faults/",
  "test/cluster/",
  "test/integration/corpus.test.ts",
  "test/integration/field-explosion.test.ts",
  "test/integration/hostile-input.test.ts",
  "test/integration/joint-bulks.test.ts",
  "test/simulation/simulation.test.ts",
  "test/simulation/broken/",
];

/** What `bun test` is called with, one call after the other. */
const ALL: readonly (readonly string[])[] = [
  ["--parallel=2", ...ALONE.map((folder) => `--path-ignore-patterns=${folder}**`)],
  ALONE,
];

const interrupted = abortOnSignals((signal) => `the tests were ended by ${signal}`);
try {
  // Not left to the event loop: whatever a test left running may hold a pipe of ours.
  process.exit(await main(process.argv.slice(2).filter((argument) => argument !== "--")));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  // A signal to the process group ends what is waited for here, too.
  process.exit(exitCodeOf(interrupted.aborted ? interrupted.reason : error));
}

async function main(testArguments: readonly string[]): Promise<number> {
  const given = process.env["PENSTOCK_TEST_STACK"];
  await using stack = given === undefined ? await bootStack({ signal: interrupted }) : undefined;
  const addresses = stack === undefined ? given : JSON.stringify(addressesOf(stack));

  const browser = await findBrowser(process.env, () =>
    process.stderr.write("Installing Debian's chromium for the tests of the console …\n"),
  );
  const digest = new FailureDigest();
  const counts: TestCount[] = [];
  let code = 0;
  for (const call of testArguments.length > 0 ? [testArguments] : ALL) {
    const ended = await runTests(call, {
      environment: { ...process.env, PENSTOCK_TEST_STACK: addresses, [browserVariable]: browser ?? "" },
      digest,
      signal: interrupted,
    });
    counts.push(ended.count);
    code ||= ended.code;
  }
  for (const failure of digest.failures.slice(0, REPEATED)) process.stdout.write(`\n${failure}\n`);
  process.stdout.write(`${describeCount(sumCounts(counts))}\n`);
  return code === 0 && counts.every(({ failed, passed }) => failed === 0 && passed > 0) ? 0 : 1;
}

interface Surroundings {
  readonly environment: Record<string, string | undefined>;
  readonly digest: FailureDigest;
  readonly signal: AbortSignal;
}

async function runTests(
  testArguments: readonly string[],
  { environment, digest, signal }: Surroundings,
): Promise<{ code: number; count: TestCount }> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-test-"));
  try {
    const reportFile = join(folder, "junit.xml");
    const child = Bun.spawn(
      [
        process.execPath,
        "test",
        PATIENCE,
        "--reporter=junit",
        `--reporter-outfile=${reportFile}`,
        ...testArguments,
      ],
      { env: environment, stdio: ["inherit", "inherit", process.stderr.isTTY ? "inherit" : "pipe"], signal },
    );
    const passing = passOn(child.stderr, digest);
    const code = await child.exited;
    // Whatever a test left running holds its end of the pipe.
    await Promise.race([passing, Bun.sleep(LAST_WORDS_MS)]);
    signal.throwIfAborted();
    return { code, count: await readCount(reportFile) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where nobody watches, what was said of failures is repeated at the end. On a terminal, `bun test` has it to itself. */
async function passOn(stderr: ReadableStream<Uint8Array> | undefined, digest: FailureDigest): Promise<void> {
  if (stderr === undefined) return;
  for await (const line of createInterface({ input: Readable.fromWeb(stderr) })) {
    process.stderr.write(`${line}\n`);
    digest.take(line);
  }
}

/** No report means that no test ran. */
async function readCount(reportFile: string): Promise<TestCount> {
  const file = Bun.file(reportFile);
  return (await file.exists()) ? parseJunit(await file.text()) : { passed: 0, failed: 0, skipped: 0 };
}
