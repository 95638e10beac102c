// `bun run test`: all tests against one real stack, booted for them unless PENSTOCK_TEST_STACK names one. Arguments go to
// `bun test`; without any, all files are run, most of them beside each other.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { exitCodeOf } from "../../infra/cli/kit/exit-code.ts";
import { abortOnSignals } from "../../infra/cli/kit/stop-signal.ts";
import { bootStack } from "../../infra/stack/boot.ts";
import { addressesOf } from "../../infra/stack/state.ts";
import { browserVariable, findBrowser } from "./browser-path.ts";
import {
  describeCount,
  describeSlowest,
  FailureDigest,
  type FileTime,
  fileTimes,
  parseJunit,
  sumCounts,
  type TestCount,
} from "./count.ts";

/** The first ones tell most. */
const REPEATED = 10;
const LAST_WORDS_MS = 2_000;

/**
 * For hooks and for tests that name no limit of their own: several files at a time, and their servers, share the machine. Longer
 * than `eventually` waits, which says for what it waited in vain.
 */
const PATIENCE = "--timeout=150000";

/** Compute for minutes in virtual time, and wait for nobody. */
const SIMULATED = ["test/simulation/simulation.test.ts", "test/simulation/broken/"];
const SIMULATED_PATIENCE = "--timeout=600000";

/** Need no servers, and leave nothing behind: they share modules, as in `bun run test:unit`. */
const UNITS = ["lib", "functions", "infra", "structure", "support", "simulation"].map(
  (name) => `test/${name}/`,
);

/** Three servers of each kind of its own, which mostly wait for one of them to be missed. */
const CLUSTER = ["test/cluster/"];

/** Kill servers of their own. */
const FAULTS = ["test/faults/"];

/**
 * Bring so many new names that the shared Elasticsearch's master has no time for others, or leave its health red for a
 * while: nothing else asks it meanwhile.
 */
const CROWDING = [
  "test/integration/audit-lost-shard.test.ts",
  "test/integration/corpus.test.ts",
  "test/integration/field-explosion.test.ts",
  "test/integration/hostile-input.test.ts",
];

/** Measure how long something stands still, how fast it is or how much memory it takes: each has the machine to itself. */
const MEASURING = [
  "test/faults/backpressure.test.ts",
  "test/faults/rollout.test.ts",
  "test/faults/spread.test.ts",
  "test/integration/fair-share.test.ts",
  "test/integration/joint-bulks.test.ts",
];

/** How long files took once, so that the slowest begin first. `--update-timings` renews them; one that is missing costs a little time. */
const TIMINGS = "--timings=.ci/timings.json";

/** Three files at a time, with three tests each: many of them wait for servers. More would only wait for the processor. */
const SHARING = [
  "--parallel=3",
  "--max-concurrency=3",
  TIMINGS,
  ...without([...CLUSTER, ...FAULTS, ...CROWDING, ...MEASURING, ...UNITS]),
];

/** The packaged Elasticsearch cannot delete data streams: those of all tests, and their generations, add up. */
const ROOMY = { "cluster.max_shards_per_node": "10000" };

/** A broker that is not heard of for so long, on a busy machine, leaves itself out of its metadata: then nobody can create topics. */
const PATIENT = { "broker.session.timeout.ms": "60000" };

interface Call {
  /** For `bun test`. */
  readonly words: readonly string[];
  /** PATIENCE unless told. */
  readonly patience?: string;
  /** Whether it has only what others leave of the processor. */
  readonly yields?: boolean;
}

/** Calls one after the other. */
type Lane = readonly Call[];

/**
 * One after the other, the lanes of each at the same time. No more beside each other than two cores can do: servers that wait for
 * a processor answer too late, and what fails then is not what is tested.
 */
const ALL: readonly (readonly Lane[])[] = [
  [[{ words: SHARING }], [{ words: ["--parallel=2", "--no-isolate", ...UNITS, ...without(SIMULATED)] }]],
  [[{ words: CLUSTER }], [{ words: SIMULATED, patience: SIMULATED_PATIENCE, yields: true }]],
  [[{ words: [...FAULTS, ...without(MEASURING)] }], [{ words: CROWDING }]],
  [[{ words: MEASURING }]],
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

function without(paths: readonly string[]): string[] {
  return paths.map((path) => `--path-ignore-patterns=${path}**`);
}

async function main(testArguments: readonly string[]): Promise<number> {
  const given = process.env["PENSTOCK_TEST_STACK"];
  const servers = { ...process.env, ...thrifty(process.env) };
  await using stack =
    given === undefined
      ? await bootStack({
          signal: interrupted,
          environment: servers,
          elasticsearchSettings: ROOMY,
          kafkaProperties: PATIENT,
        })
      : undefined;
  const addresses = stack === undefined ? given : JSON.stringify(addressesOf(stack));

  const browser = await findBrowser(process.env, () =>
    process.stderr.write("Installing Debian's chromium-headless-shell for the tests of the console …\n"),
  );
  const environment = { ...servers, PENSTOCK_TEST_STACK: addresses, [browserVariable]: browser ?? "" };
  const ended: Ended[] = [];
  const run = async (lane: Lane): Promise<void> => {
    for (const call of lane) ended.push(await runTests(call, environment, interrupted));
  };
  for (const lanes of testArguments.length > 0 ? [[[{ words: testArguments }]]] : ALL)
    await Promise.all(lanes.map(run));
  const failures = ended.flatMap(({ digest }) => digest.failures);
  for (const failure of failures.slice(0, REPEATED)) process.stdout.write(`\n${failure}\n`);
  process.stdout.write(describeSlowest(ended.flatMap(({ files }) => files)));
  process.stdout.write(`${describeCount(sumCounts(ended.map(({ count }) => count)))}\n`);
  return ended.every(({ code, count }) => code === 0 && count.failed === 0 && count.passed > 0) ? 0 : 1;
}

interface Ended {
  readonly code: number;
  readonly count: TestCount;
  readonly files: readonly FileTime[];
  readonly digest: FailureDigest;
}

async function runTests(
  { words, patience = PATIENCE, yields = false }: Call,
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Ended> {
  const digest = new FailureDigest();
  const folder = await mkdtemp(join(tmpdir(), "penstock-test-"));
  try {
    const reportFile = join(folder, "junit.xml");
    signal.throwIfAborted();
    const child = Bun.spawn(
      [process.execPath, "test", patience, "--reporter=junit", `--reporter-outfile=${reportFile}`, ...words],
      {
        env: environment,
        stdio: ["inherit", "inherit", process.stderr.isTTY ? "inherit" : "pipe"],
        detached: yields,
      },
    );
    using ending = new DisposableStack();
    const end = (): void => {
      // With what it started, which no signal of a terminal reaches.
      if (child.exitCode === null) process.kill(yields ? -child.pid : child.pid, "SIGTERM");
    };
    signal.addEventListener("abort", end);
    ending.defer(() => signal.removeEventListener("abort", end));
    if (yields) await giveWay(child.pid);
    const passing = passOn(child.stderr, digest);
    const code = await child.exited;
    // Whatever a test left running holds its end of the pipe.
    await Promise.race([passing, Bun.sleep(LAST_WORDS_MS)]);
    signal.throwIfAborted();
    return { code, digest, ...(await readReport(reportFile)) };
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

/** The process, which leads a session of its own, comes after all others, and what it starts too. */
async function giveWay(pid: number): Promise<void> {
  setPriority(pid, constants.priority.PRIORITY_LOW);
  // Linux may share the processor out among sessions first, where a priority counts only within its own.
  await writeFile(`/proc/${pid}/autogroup`, String(constants.priority.PRIORITY_LOW)).catch(() => {});
}

/**
 * Servers of tests live for minutes at most, so the second compiler costs more than it saves. They keep their collector: under the
 * serial one Elasticsearch's circuit breaker takes garbage for used memory, and refuses searches and large documents.
 */
function thrifty({ JAVA_TOOL_OPTIONS: given = "" }: NodeJS.ProcessEnv): {
  readonly JAVA_TOOL_OPTIONS: string;
} {
  return { JAVA_TOOL_OPTIONS: `${given} -XX:TieredStopAtLevel=1`.trim() };
}

/** No report means that no test ran. */
async function readReport(reportFile: string): Promise<Pick<Ended, "count" | "files">> {
  const file = Bun.file(reportFile);
  if (!(await file.exists())) return { count: { passed: 0, failed: 0, skipped: 0 }, files: [] };
  const report = await file.text();
  return { count: parseJunit(report), files: fileTimes(report) };
}
