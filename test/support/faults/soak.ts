// `bun run soak -- --minutes N [--seed S] [--replicas 3] [--per-second 2000]`: one random fault after another.
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { COMMON_OPTIONS, parseWords } from "../../../infra/cli/kit/arguments.ts";
import { exitCodeOf } from "../../../infra/cli/kit/exit-code.ts";
import { reportFailure } from "../../../infra/cli/kit/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/kit/faults.ts";
import { helpText } from "../../../infra/cli/kit/help-text.ts";
import { abortOnSignals } from "../../../infra/cli/kit/stop-signal.ts";
import { seededRandom } from "../../../infra/bench/kit/random.ts";
import { runAudit } from "./audit.ts";
import { drawFault } from "./random-fault.ts";
import { playScene, type Scene, type SceneResult } from "./scene.ts";
import { tableOf } from "./table.ts";
import { startFaultWorld } from "./world.ts";

const help = helpText({
  synopsis: "soak -- --minutes N [options]",
  about: `Boots its own servers, runs random faults against several hosts, and counts every record at the end.`,
  options: [
    ["--minutes N", "duration"],
    ["--seed S", "repeats the faults of a run, which prints its seed at the start; default: random"],
    ["--replicas N", "number of hosts; default 3"],
    ["--per-second N", "records produced per second; default 2000"],
  ],
  exitCodes:
    "0 every record once, 1 a record lost or doubled or a commit ahead of its outcomes, 2 wrong usage, 130 stopped by a signal",
});

/** Text and JSON, with many and few partitions; in one, the mapping refuses every thousandth record. */
const topics = [
  { partitions: 4 },
  { partitions: 1 },
  { partitions: 3, format: "json" },
  { partitions: 2, format: "json", poisonEvery: 1_000 },
] as const;

/** Seconds that a fault lasts. */
const SPAN = [1, 25] as const;
/** The longest pause between two faults. Sometimes the next one starts before the hosts have recovered. */
const PAUSE_AT_MOST_MS = 15_000;
const PROGRESS_EVERY_MS = 15_000;
const DRAIN_WITHIN_MS = 600_000;

interface Invocation {
  minutes: number;
  seed: number;
  replicas: number;
  perSecond: number;
}

tolerateLostOutput();
try {
  process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== "--"));
} catch (error) {
  print(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

async function main(argv: readonly string[]): Promise<number> {
  let invocation: Invocation | null;
  try {
    invocation = parse(argv);
  } catch (error) {
    return reportFailure(error, { help, json: false, write: (text) => process.stderr.write(text) });
  }
  if (invocation === null) {
    print(help);
    return 0;
  }
  const given = invocation;
  const { minutes, seed, replicas, perSecond } = given;
  print(`soak: ${minutes} minutes, seed ${seed}, ${replicas} hosts, ${perSecond} records a second\n`);

  const interrupted = abortOnSignals();
  // Hosts end with this process and servers with their guardian, even during a fault.
  interrupted.addEventListener("abort", () => process.exit(exitCodeOf(interrupted.reason)));
  await using world = await startFaultWorld(replicas, interrupted);
  const result = await playScene(
    world,
    {
      fault: `${minutes} minutes`,
      replicas,
      topics,
      load: { kind: "steady", perSecond },
      requestTimeout: "10s",
      recoverWithinMs: DRAIN_WITHIN_MS,
    },
    (scene) => inflictFaults(scene, given),
  );
  const counted = report(result, seed);
  // A second judge, which counts in another way.
  const { out, error, code } = await runAudit(result.config);
  print(`\nbun run audit: exit code ${code}\n${error}${out}`);
  return counted === 0 && code === 0 ? 0 : 1;
}

/** Runs until the time is up. A host that does not recover shows at the end. */
async function inflictFaults(scene: Scene, { minutes, seed, replicas }: Invocation): Promise<void> {
  const random = seededRandom(seed);
  const startedAt = Date.now();
  const endsAt = startedAt + minutes * 60_000;
  const progress = setInterval(() => print(progressLine(scene, endsAt)), PROGRESS_EVERY_MS);
  try {
    for (let count = 1; Date.now() < endsAt; count += 1) {
      const fault = drawFault(random, replicas, SPAN);
      print(`${clock(Date.now() - startedAt)}  fault ${count}: ${fault.name}\n`);
      await fault.inflict(scene);
      await Bun.sleep(Math.min(random.below(PAUSE_AT_MOST_MS), Math.max(0, endsAt - Date.now())));
      const problem = scene.watcher.problems[0];
      if (problem !== undefined) throw new Error(`after "${fault.name}" (seed ${seed}): ${problem}`);
    }
  } finally {
    clearInterval(progress);
  }
  print(`${clock(Date.now() - startedAt)}  the faults are over; draining\n`);
}

function progressLine({ acknowledged, load }: Scene, endsAt: number): string {
  const sent = [...load.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  const left = clock(Math.max(0, endsAt - Date.now()));
  const { total, duplicates } = acknowledged;
  return `         ${number(sent)} sent, ${number(total)} done, ${number(duplicates)} duplicates absorbed; ${left} left\n`;
}

function report({ row, truths, problems, samples }: SceneResult, seed: number): number {
  for (const { topic, records, indexed, deadLettered, missing, doubled, lostNumbers } of truths) {
    print(
      `${topic}: ${number(records)} records, ${number(indexed)} indexed, ${number(deadLettered)} dead letters, ` +
        `${missing.length} lost, ${doubled.length} doubled, ${lostNumbers} numbers lost\n`,
    );
    if (missing.length > 0) print(`  lost: ${placesOf(missing)}\n`);
    if (doubled.length > 0) print(`  doubled: ${placesOf(doubled)}\n`);
  }
  for (const problem of problems) print(`${problem}\n`);
  print(`commits read while it ran: ${number(samples)} times\n\n${tableOf([row])}seed: ${seed}\n`);
  const clean =
    row.lost === 0 &&
    row.doubled === 0 &&
    problems.length === 0 &&
    truths.every((truth) => truth.lostNumbers === 0);
  return clean ? 0 : 1;
}

function placesOf(places: readonly (readonly [number, number])[]): string {
  return `${places
    .slice(0, 20)
    .map(([partition, offset]) => `${partition}/${offset}`)
    .join(", ")}${places.length > 20 ? ` and ${places.length - 20} more` : ""}`;
}

/** @throws with the error in the usage */
function parse(argv: readonly string[]): Invocation | null {
  const { values } = parseWords({
    args: [...argv],
    options: {
      help: COMMON_OPTIONS.help,
      minutes: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      replicas: { type: "string", default: "3" },
      "per-second": { type: "string", default: "2000" },
    },
  });
  if (values.help) return null;
  if (values.minutes === undefined) throw new PenstockError("usage", "--minutes is missing");
  const replicas = positive("--replicas", values.replicas);
  if (!Number.isInteger(replicas))
    throw new PenstockError("usage", `--replicas is a whole number, not ${values.replicas}`);
  return {
    minutes: positive("--minutes", values.minutes),
    seed: positive("--seed", values.seed),
    replicas,
    perSecond: positive("--per-second", values["per-second"]),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new PenstockError("usage", `${name} is a number above 0, not ${text}`);
  return value;
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, "0")}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function print(text: string): void {
  process.stdout.write(text);
}
