// `bun run bench:scale`: what many topics and records need, computed from measured costs, and reconcile simulated.
import { COMMON_OPTIONS, parseWords } from "../cli/arguments.ts";
import { helpText, JSON_ROW } from "../cli/help-text.ts";
import { BENCH_EXIT_CODES, runBench } from "./command.ts";
import { type Measurement, numberText, OURS } from "./measurement.ts";
import { type Layout, type Load, needsOf } from "./needs.ts";
import { reportOf } from "./report.ts";
import { simulateReconcile } from "./simulated-reconcile.ts";

const help = helpText({
  synopsis: "bench:scale [options]",
  about: `Computes what loads beyond one machine need, from costs that were measured (infra/deploy/scale.md says where), and runs the real
reconcile handler over up to 50,000 topics with servers that answer at once. No server is needed.`,
  options: [JSON_ROW],
  exitCodes: BENCH_EXIT_CODES,
});

const LOADS: readonly Load[] = [
  { topics: 100, recordsPerSecond: 100_000, format: "text" },
  { topics: 1_000, recordsPerSecond: 1_000_000, format: "text" },
  { topics: 10_000, recordsPerSecond: 1_000_000, format: "text" },
  { topics: 10_000, recordsPerSecond: 10_000_000, format: "text" },
  { topics: 10_000, recordsPerSecond: 10_000_000, format: "json" },
];
const LAYOUT: Layout = { hostsPerCell: 3, utilization: 0.6 };
const RECONCILED = [1_000, 10_000, 50_000];
const STEADY_RUNS = 7;

process.exitCode = await runBench(help, parse, async (json, signal) => {
  const measurements: Measurement[] = [];
  for (const topics of RECONCILED) {
    signal.throwIfAborted();
    const { firstMs, steadyMs } = await simulateReconcile(topics, STEADY_RUNS);
    const what = `${numberText(topics)} topics in etcd`;
    const ours = { what, who: OURS, unit: "ms" } as const;
    measurements.push({ ...ours, figure: "run that starts them", values: [firstMs] });
    measurements.push({ ...ours, figure: "run that changes nothing", values: steadyMs });
  }
  const needs = LOADS.map((load) => ({ load, needs: needsOf(load, LAYOUT) }));
  const text = `${needs.map(needsText).join("\n")}${reportOf([{ scene: "reconcile, simulated", measurements }])}`;
  process.stdout.write(json ? `${JSON.stringify({ layout: LAYOUT, needs, measurements })}\n` : text);
});

/** Null: help was asked for. */
function parse(args: string[]): boolean | null {
  const { values } = parseWords({ args, options: COMMON_OPTIONS });
  return values.help ? null : values.json;
}

function needsText({ load, needs }: { load: Load; needs: ReturnType<typeof needsOf> }): string {
  const { topics, recordsPerSecond, format } = load;
  const rows: [string, string][] = [
    ["hosts", `${needs.hosts} in ${needs.cells} cells of ${LAYOUT.hostsPerCell}`],
    [
      "on each host",
      `${numberText(needs.topicsPerHost)} topics, ${numberText(needs.recordsPerHost)} records/s`,
    ],
    ["", `${megabytes(needs.bytesPerHost)}/s from Kafka and more to Elasticsearch`],
    ["", `${numberText(needs.socketsPerHost)} connections to Kafka`],
    [
      "",
      `${numberText(needs.idleCpuPerHost * 100)} % of a core and ${megabytes(needs.rssPerHostBytes)} before the first record`,
    ],
    ["", `${megabytes(needs.metricsBytesPerHost)} a scrape of /metrics`],
    [
      "on Kafka",
      `${numberText(needs.members)} members, ${numberText(needs.idleRequests)} requests/s while nothing happens`,
    ],
    ["on Elasticsearch", `${numberText(needs.elasticsearchCores)} cores for primaries`],
  ];
  const title = `${numberText(topics)} topics, ${numberText(recordsPerSecond)} ${format} records/s`;
  return `${title}\n${rows.map(([name, value]) => `  ${name.padEnd(16)}  ${value}\n`).join("")}`;
}

function megabytes(bytes: number): string {
  return `${numberText(bytes / 1e6)} MB`;
}
