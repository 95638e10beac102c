// `bun run bench`: measures what records, idle topics and changes cost, on real servers.
import { mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, join, resolve } from "node:path";
import { usage } from "../../lib/rules/base/errors.ts";
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../cli/kit/arguments.ts";
import { helpText, JSON_ROW } from "../cli/kit/help-text.ts";
import { bootStack } from "../stack/boot.ts";
import { openBroker } from "./load/broker.ts";
import { BENCH_EXIT_CODES, runBench } from "./kit/command.ts";
import { byFigure, OURS, type Sample, type SceneResult } from "./kit/measurement.ts";
import { plotOf } from "./report/plot.ts";
import { createProgressBar } from "./report/progress-bar.ts";
import { reportOf } from "./report/report.ts";
import { catchUp } from "./scenes/catch-up.ts";
import { connections } from "./scenes/connections.ts";
import { growth } from "./scenes/growth.ts";
import { idle } from "./scenes/idle.ts";
import { indexing } from "./scenes/indexing.ts";
import { latency } from "./scenes/latency.ts";
import { pipeline } from "./scenes/pipeline.ts";
import { quietTopics } from "./scenes/quiet-topics.ts";
import { reload } from "./scenes/reload.ts";
import { rollout } from "./scenes/rollout.ts";
import type { Scene, SceneContext } from "./trials/scene.ts";
import { throughput } from "./scenes/throughput.ts";

const SCENES: readonly Scene[] = [
  throughput,
  indexing,
  pipeline,
  latency,
  quietTopics,
  connections,
  reload,
  idle,
  catchUp,
  growth,
  rollout,
];

const help = helpText({
  synopsis: "bench [options]",
  about: "Boots Kafka, Elasticsearch and etcd, measures hosts in processes of their own, and prints a table.",
  sections: [{ title: "Scenes", rows: SCENES.map(({ name, about }) => [name, about]) }],
  options: [
    ["--only SCENE", "only these scenes, separated by commas"],
    ["--quick", "fewer records, topics and rounds: a quarter of an hour, half of it for pipeline"],
    [
      "--rounds N",
      "of throughput, indexing, pipeline, latency, quiet-topics and catch-up; default: 5, with --quick 2",
    ],
    ["--seed N", "for the generated records; default: 1"],
    ["--against DIR", "measure another checkout of Penstock too; its packages must be installed"],
    ["--out DIR", "write bench.json and bench.svg to this folder"],
    JSON_ROW,
  ],
  exitCodes: BENCH_EXIT_CODES,
});

interface Invocation {
  readonly scenes: readonly Scene[];
  readonly quick: boolean;
  readonly rounds: number;
  readonly seed: number;
  readonly checkouts: SceneContext["checkouts"];
  readonly out: string | null;
  readonly json: boolean;
}

process.exitCode = await runBench(help, parse, async (invocation, signal) => {
  const { rounds, seed, quick, out } = invocation;
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? "unknown", bun: Bun.version };
  const results: SceneResult[] = [];
  const jsonText = (): string => `${JSON.stringify({ machine, rounds, seed, quick, results }, null, 2)}\n`;
  await measure(invocation, signal, async (result) => {
    results.push(result);
    if (!invocation.json) process.stdout.write(reportOf([result]));
    if (out === null) return;
    await mkdir(out, { recursive: true });
    await Bun.write(join(out, "bench.json"), jsonText());
    await Bun.write(join(out, "bench.svg"), plotOf(results));
  });
  if (invocation.json) process.stdout.write(jsonText());
});

/** @param onResult called after each scene, so that a later failure does not lose its result */
async function measure(
  invocation: Invocation,
  signal: AbortSignal,
  onResult: (result: SceneResult) => Promise<void>,
): Promise<void> {
  await using stack = await bootStack({ signal });
  await using broker = await openBroker(stack.kafka.brokers);
  using bar = createProgressBar(process.stderr);
  const context: Omit<SceneContext, "show"> = {
    ...invocation,
    stack,
    broker,
    progress: (text, done) => bar.show(text, done),
    filled: (kind, records) =>
      broker.filled({ kind, records, seed: invocation.seed }, (sent) => {
        signal.throwIfAborted();
        if (sent % 100_000 === 0)
          bar.show(`producing ${records.toLocaleString("en-US")} ${kind} records`, sent / records);
      }),
  };
  for (const { name, run } of invocation.scenes) {
    signal.throwIfAborted();
    const samples: Sample[] = [];
    const show = (sample: Sample): void => void samples.push(sample);
    const measurements = byFigure(await run({ ...context, show }, signal));
    bar.end();
    await onResult({ scene: name, measurements, ...(samples.length > 0 && { samples }) });
  }
}

/** @returns null if help was asked for @throws PenstockError `usage` */
function parse(args: string[]): Invocation | null {
  const { values } = parseWords({
    args,
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seed: { type: "string", default: "1" },
      against: { type: "string" },
      out: { type: "string" },
      ...COMMON_OPTIONS,
    },
  });
  if (values.help) return null;
  const { only, quick, against, out, json } = values;
  return {
    scenes: only === undefined ? SCENES : only.split(",").map(sceneCalled),
    quick,
    rounds: wholeNumber("rounds", values.rounds ?? (quick ? "2" : "5"), 1),
    seed: wholeNumber("seed", values.seed, 0),
    checkouts: new Map([
      [OURS, undefined],
      ...(against === undefined
        ? []
        : [[`Penstock, ${basename(resolve(against))}`, resolve(against)] as const]),
    ]),
    out: out ?? null,
    json,
  };
}

function sceneCalled(name: string): Scene {
  const scene = SCENES.find((one) => one.name === name);
  if (scene !== undefined) return scene;
  throw usage(`--only names "${name}": it must be one of ${SCENES.map((one) => one.name).join(", ")}`);
}
