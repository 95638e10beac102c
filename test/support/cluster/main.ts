// `bun run cluster [--only SCENARIO] [--stops N] [--seed S]`: what a cluster of three of each goes through, and two hosts with it.
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../../../infra/cli/arguments.ts";
import { ExitCode, exitCodeOf } from "../../../infra/cli/exit-code.ts";
import { reportFailure } from "../../../infra/cli/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/faults.ts";
import { helpText } from "../../../infra/cli/help-text.ts";
import { abortOnSignals } from "../../../infra/cli/stop-signal.ts";
import { PenstockError } from "../../../lib/rules/errors.ts";
import { nameHint } from "../../../lib/rules/nearest-name.ts";
import type { HostEnd } from "./end-host.ts";
import { clusterTable, endProblem, problemsOf } from "./report.ts";
import { scenarios } from "./scenarios.ts";
import { type ClusterRow, playClusterScene } from "./scene.ts";
import { playStops } from "./stops.ts";
import { type ClusterWorld, startClusterWorld } from "./world.ts";

const STOPS = "stops";
const names = [...scenarios.map(({ name }) => name), STOPS];

const help = helpText({
  synopsis: "cluster [options]",
  about: `Boots three brokers, three Elasticsearch nodes and three etcd members, lets two hosts move a steady load while one member
goes away, and counts every record at the end.`,
  sections: [
    {
      title: "Scenarios",
      rows: [
        ...scenarios.map(({ name, about }) => [name, about] as const),
        [STOPS, "hosts with idle topics are stopped while brokers are restarted; only where it is asked for"],
      ],
    },
  ],
  options: [
    ["--only SCENARIO", "all but stops unless told"],
    ["--stops N", "of stops: how many; 20 unless told"],
    ["--seed S", "of stops: of when; said at the end, any unless told"],
  ],
  exitCodes:
    "0 every record once and all hosts ended well, 1 not so, 2 wrong usage, 128 + signal where one ended it",
});

interface Invocation {
  readonly only: string | undefined;
  readonly stops: number;
  readonly seed: number;
}

tolerateLostOutput();
process.exit(await main(process.argv.slice(2).filter((argument) => argument !== "--")));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const invocation = parse(argv);
    if (invocation !== null) return await play(invocation);
    process.stdout.write(help);
    return ExitCode.done;
  } catch (error) {
    return reportFailure(error, { help, json: false, write: (text) => process.stderr.write(text) });
  }
}

/** @throws PenstockError `usage` */
function parse(argv: readonly string[]): Invocation | null {
  const { values } = parseWords({
    args: [...argv],
    options: {
      help: COMMON_OPTIONS.help,
      only: { type: "string" },
      stops: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  if (values.help) return null;
  const { only } = values;
  if (only !== undefined && !names.includes(only))
    throw new PenstockError("usage", `--only is "${only}" (${nameHint(only, names)})`);
  return { only, stops: wholeNumber("stops", values.stops, 1), seed: wholeNumber("seed", values.seed, 0) };
}

async function play({ only, ...rest }: Invocation): Promise<number> {
  const interrupted = abortOnSignals();
  // Hosts end with this process and servers with their guardian, whatever is under way here.
  interrupted.addEventListener("abort", () => process.exit(exitCodeOf(interrupted.reason)));
  await using world = await startClusterWorld(interrupted);
  return only === STOPS ? await stopMany(world, rest) : await playScenarios(world, only);
}

async function playScenarios(world: ClusterWorld, only: string | undefined): Promise<number> {
  const rows: ClusterRow[] = [];
  for (const scenario of scenarios.filter(({ name }) => only === undefined || name === only)) {
    process.stdout.write(`${scenario.name}: ${scenario.about}\n`);
    rows.push(await playClusterScene(world, scenario));
    await world.heal();
  }
  const problems = rows.flatMap((row) => problemsOf(row).map((problem) => `${row.scenario}: ${problem}\n`));
  process.stdout.write(`\n${clusterTable(rows)}${problems.join("")}`);
  return problems.length === 0 ? ExitCode.done : ExitCode.failed;
}

async function stopMany(world: ClusterWorld, options: { stops: number; seed: number }): Promise<number> {
  const onEnd = (end: HostEnd, count: number): void => {
    const [problem] = endProblem(end);
    if (problem !== undefined) process.stdout.write(`stop ${count}: ${problem}\n`);
  };
  const { ends, restarts } = await playStops(world, { ...options, onEnd });
  const well = ends.filter(({ code }) => code === 0).length;
  const hung = ends.filter(({ code }) => code === null || code === ExitCode.hung).length;
  const longest = Math.max(...ends.map(({ ms }) => ms)) / 1_000;
  process.stdout.write(
    `stops: ${ends.length}, ${well} ended with 0, ${hung} hung, the longest took ${longest.toFixed(1)} s; ` +
      `${restarts} restarts of brokers, seed ${options.seed}\n`,
  );
  return well === ends.length ? ExitCode.done : ExitCode.failed;
}
