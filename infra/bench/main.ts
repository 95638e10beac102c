// `bun run bench`: what records and idle topics cost, on real servers booted for it.
import { parseArgs } from "node:util";
import type { Stack } from "../stack/stack.ts";
import { openBroker } from "./broker.ts";
import { bootStack, runBench, wholeNumber } from "./command.ts";
import { startEndpoint } from "./endpoint-process.ts";
import { measureIdle, type IdleResult } from "./idle.ts";
import type { LineFormat } from "./lines.ts";
import { median } from "./median.ts";
import { measureThroughput, type Run } from "./throughput.ts";

const usage = `Usage: bun run bench [--only throughput|idle] [--quick] [--rounds N] [--seed N] [--against DIR] [--json]

Boots Kafka, Elasticsearch and etcd, and measures a host in a process of its own:

  throughput  CPU seconds per million records, and records per second, into a bulk endpoint that answers at once (a
              process of its own): text of 143 bytes and JSON of 1.1 KB on average, one topic of four partitions,
              read from its start to its last commit, again and again with one host; the first round, with cold code, does not count
  idle        CPU and memory with 50, 200 and 1000 topics in which nothing happens, and how long until all of them run

  --only SCENE   one of them alone
  --quick        two rounds, and 50 topics only
  --rounds N     counted rounds of throughput; 5 unless told
  --seed N       of the generated records; 1 unless told
  --against DIR  another checkout of Penstock, its packages installed, measured in turn with this one
  --json         machine-readable output

How long a newly declared topic takes: bun run bench:reload
`;

interface Invocation {
  readonly scenes: readonly ("throughput" | "idle")[];
  readonly quick: boolean;
  readonly rounds: number;
  readonly seed: number;
  /** Their folders by name; undefined: this one. */
  readonly checkouts: ReadonlyMap<string, string | undefined>;
  readonly json: boolean;
}

interface ThroughputReport {
  readonly version: string;
  readonly format: LineFormat;
  readonly records: number;
  readonly meanBytes: number;
  readonly cpuSecondsPerMillion: number;
  readonly recordsPerSecond: number;
  readonly peakRssBytes: number;
  readonly runs: readonly Run[];
}

interface IdleReport extends IdleResult {
  readonly version: string;
}

const PARTITIONS = 4;
const WATCH_MS = 20_000;

process.exitCode = await runBench(usage, parse, async (invocation, signal) => {
  await using stack = await bootStack({ signal });
  const { scenes, json } = invocation;
  const throughput = scenes.includes("throughput") ? await throughputs(stack, invocation, signal) : [];
  const idle = scenes.includes("idle") ? await idles(stack, invocation, signal) : [];
  process.stdout.write(json ? `${JSON.stringify({ throughput, idle }, null, 2)}\n` : table(throughput, idle));
});

/** Null: help was asked for. @throws saying what is wrong with the usage */
function parse(args: string[]): Invocation | null {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seed: { type: "string", default: "1" },
      against: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const { only, quick, against, json } = values;
  if (only !== undefined && only !== "throughput" && only !== "idle")
    throw new Error(`--only is "${only}": it must be throughput or idle`);
  return {
    scenes: only === undefined ? ["throughput", "idle"] : [only],
    quick,
    rounds: wholeNumber("rounds", values.rounds ?? (quick ? "2" : "5"), 1),
    seed: wholeNumber("seed", values.seed, 0),
    checkouts: new Map([
      ["this", undefined],
      ...(against === undefined ? [] : [[against, against] as const]),
    ]),
    json,
  };
}

async function throughputs(
  stack: Stack,
  { rounds, seed, checkouts }: Invocation,
  signal: AbortSignal,
): Promise<ThroughputReport[]> {
  const { brokers } = stack.kafka;
  await using broker = await openBroker(brokers);
  await using endpoint = await startEndpoint(signal);
  const reports: ThroughputReport[] = [];
  for (const [format, records] of [
    ["text", 1_000_000],
    ["json", 300_000],
  ] as const) {
    const topic = `bench-${format}`;
    await broker.createTopics([topic], PARTITIONS);
    const { meanBytes } = await broker.load(
      { topic, partitions: PARTITIONS, records, format, seed },
      (sent) => progress(`${format}: ${sent} of ${records} records produced`),
    );
    for (const [version, checkout] of checkouts) {
      const runs = await measureThroughput(
        {
          broker,
          brokers,
          endpoint,
          topic,
          records,
          format,
          rounds,
          ...(checkout !== undefined && { checkout }),
          onRun: (_, round) => progress(`${format}, ${version}: round ${round} of ${rounds}`),
        },
        signal,
      );
      reports.push({
        version,
        format,
        records,
        meanBytes,
        cpuSecondsPerMillion: median(runs.map((run) => (run.cpuSeconds / run.records) * 1e6)),
        recordsPerSecond: median(runs.map((run) => run.records / run.seconds)),
        peakRssBytes: Math.max(...runs.map((run) => run.peakRssBytes)),
        runs,
      });
    }
  }
  return reports;
}

async function idles(
  stack: Stack,
  { quick, checkouts }: Invocation,
  signal: AbortSignal,
): Promise<IdleReport[]> {
  const { brokers } = stack.kafka;
  await using broker = await openBroker(brokers);
  const counts = quick ? [50] : [50, 200, 1_000];
  const topics = Array.from({ length: Math.max(...counts) }, (_, n) => `idle-${n}`);
  await broker.createTopics(topics, 1);
  const reports: IdleReport[] = [];
  for (const count of counts) {
    for (const [version, checkout] of checkouts) {
      progress(`idle, ${version}: ${count} topics`);
      const result = await measureIdle(
        {
          brokers,
          elasticsearchNode: stack.elasticsearch.node,
          topics: topics.slice(0, count),
          groupPrefix: `idle${reports.length}`,
          watchMs: WATCH_MS,
          ...(checkout !== undefined && { checkout }),
        },
        signal,
      );
      reports.push({ version, ...result });
    }
  }
  return reports;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function table(throughput: readonly ThroughputReport[], idle: readonly IdleReport[]): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const row = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column < 2 ? cell.padEnd(22) : cell.padStart(16))).join("");
  const lines: string[] = [""];
  if (throughput.length > 0) {
    lines.push(row(["throughput", "version", "CPU-s/million", "records/s", "worst CPU-s", "peak RSS"]));
    for (const report of throughput) {
      const { version, format, records, meanBytes, runs } = report;
      const worst = Math.max(...runs.map(({ cpuSeconds }) => (cpuSeconds / records) * 1e6));
      lines.push(
        row([
          `${records / 1e6} M ${format}, ${Math.round(meanBytes)} B`,
          version,
          report.cpuSecondsPerMillion.toFixed(2),
          String(Math.round(report.recordsPerSecond)),
          worst.toFixed(2),
          megabytes(report.peakRssBytes),
        ]),
      );
    }
  }
  if (idle.length > 0) {
    lines.push(row(["idle", "version", "CPU of a core", "running after", "RSS"]));
    for (const { topics, version, cpuShare, runningAfterSeconds, rssBytes } of idle) {
      lines.push(
        row([
          `${topics} topics`,
          version,
          `${(cpuShare * 100).toFixed(1)} %`,
          `${runningAfterSeconds.toFixed(1)} s`,
          megabytes(rssBytes),
        ]),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
