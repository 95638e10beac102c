// `bun run cluster`: faults of clusters of three servers each, with hosts under load.
import { basename, resolve } from "node:path";
import { OURS } from "../../../infra/bench/kit/measurement.ts";
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../../../infra/cli/kit/arguments.ts";
import { ExitCode, exitCodeOf } from "../../../infra/cli/kit/exit-code.ts";
import { reportFailure } from "../../../infra/cli/kit/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/kit/faults.ts";
import { helpText } from "../../../infra/cli/kit/help-text.ts";
import { abortOnSignals } from "../../../infra/cli/kit/stop-signal.ts";
import {
  DEFAULT_KAFKA,
  KAFKA_VERSION_LIST,
  type KafkaVersion,
  kafkaVersionNamed,
} from "../../../infra/stack/artifacts/kafka-versions.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { nameHint } from "../../../lib/rules/base/nearest-name.ts";
import type { HostEnd } from "./end-host.ts";
import { playAll } from "./play-all.ts";
import { endProblem } from "./report.ts";
import { round } from "./round.ts";
import { scenarios } from "./scenarios.ts";
import { FULL, type Scenario, SHORT } from "./scene.ts";
import { playStops } from "./stops.ts";
import { type ClusterWorld, MOST_HOSTS, startClusterWorld } from "./world.ts";

const STOPS = "stops";
const names = [...scenarios.map(({ name }) => name), STOPS];

const help = helpText({
  synopsis: "cluster [options]",
  about: `Boots three brokers, three Elasticsearch nodes and three etcd members, causes faults while hosts move a steady load,
and counts every record at the end.`,
  sections: [
    {
      title: "Scenarios",
      rows: [
        ...scenarios.map(({ name, about }) => [name, about] as const),
        [STOPS, "stops hosts with idle topics while brokers restart; runs only if named in --only"],
      ],
    },
  ],
  options: [
    ["--only SCENARIO", "comma-separated scenarios to run; default: all but stops"],
    ["--kafka VERSION", `${KAFKA_VERSION_LIST}; without --only, a short round on one broker: ${round.about}`],
    ["--hosts N", `number of hosts, at most ${MOST_HOSTS}; default ${FULL.hosts}`],
    [
      "--against DIR",
      "another checkout of Penstock with its packages installed, for comparison: its hosts run the same scenarios",
    ],
    ["--stops N", "number of host stops in the stops scenario; default 20"],
    ["--seed S", "repeats the times and targets of a run, which prints its seed at the end; default: random"],
  ],
  exitCodes:
    "0 every record once and all hosts stopped cleanly, 1 otherwise, 2 wrong usage, 128 + signal if stopped by one",
});

interface Invocation {
  /** Null: stops. */
  readonly played: readonly Scenario[] | null;
  readonly kafka: KafkaVersion;
  /** True for one of each server. */
  readonly single: boolean;
  readonly hosts: number;
  readonly checkouts: ReadonlyMap<string, string | undefined>;
  readonly stops: number;
  readonly seed: number;
}

const exitWith = tolerateLostOutput();
await exitWith(await main(process.argv.slice(2).filter((argument) => argument !== "--")));

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
      kafka: { type: "string" },
      hosts: { type: "string", default: String(FULL.hosts) },
      against: { type: "string" },
      stops: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  if (values.help) return null;
  const { only, kafka, against } = values;
  const single = kafka !== undefined && only === undefined;
  const hosts = wholeNumber("hosts", values.hosts, 2);
  if (hosts > MOST_HOSTS) throw new PenstockError("usage", `--hosts is ${hosts}: at most ${MOST_HOSTS}`);
  return {
    played: single ? [round] : only === undefined ? scenarios : scenariosCalled(only.split(",")),
    kafka: kafkaVersionNamed(kafka ?? DEFAULT_KAFKA),
    single,
    hosts,
    checkouts: new Map([
      [OURS, undefined],
      ...(against === undefined ? [] : [[basename(resolve(against)), resolve(against)] as const]),
    ]),
    stops: wholeNumber("stops", values.stops, 1),
    seed: wholeNumber("seed", values.seed, 0),
  };
}

/** Null: stops. */
function scenariosCalled(wanted: readonly string[]): readonly Scenario[] | null {
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new PenstockError("usage", `--only is "${unknown}" (${nameHint(unknown, names)})`);
  if (wanted.includes(STOPS) && wanted.length > 1)
    throw new PenstockError("usage", `--only: ${STOPS} goes alone`);
  return wanted.includes(STOPS) ? null : scenarios.filter(({ name }) => wanted.includes(name));
}

async function play(invocation: Invocation): Promise<number> {
  const { played, kafka, single, hosts, checkouts, seed } = invocation;
  const signal = abortOnSignals();
  // Hosts end with this process and servers with their guardian, even in the middle of a scenario.
  signal.addEventListener("abort", () => process.exit(exitCodeOf(signal.reason)));
  await using world = await startClusterWorld({ signal, kafka, ...(single && { members: 1 }) });
  if (played === null) return await stopMany(world, invocation);
  const size = { ...(single ? SHORT : FULL), hosts };
  return (await playAll(world, played, { size, seed, checkouts })) ? ExitCode.done : ExitCode.failed;
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
