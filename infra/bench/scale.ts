// `bun run bench:scale`: what large installations need, worked out from measured costs, and the rules at their sizes.
import { COMMON_OPTIONS, parseWords } from "../cli/arguments.ts";
import { helpText } from "../cli/help-text.ts";
import { BENCH_EXIT_CODES, runBench } from "./command.ts";
import { byteMinimums } from "./scale-bytes.ts";
import { idleCoreOf, needsOf, type ScaleCase } from "./scale-model.ts";
import { costOfRules, spreadOf } from "./scale-simulation.ts";
import { textTable } from "./text-table.ts";

const CASES: readonly ScaleCase[] = [
  {
    name: "1,000 topics, 100,000/s text",
    topics: 1_000,
    partitions: 2_000,
    recordsPerSecond: 1e5,
    format: "text",
    cells: 1,
    brokers: 3,
  },
  {
    name: "10,000 topics, 1 M/s text, one deployment",
    topics: 10_000,
    partitions: 20_000,
    recordsPerSecond: 1e6,
    format: "text",
    cells: 1,
    brokers: 6,
  },
  {
    name: "10,000 topics, 1 M/s text, 10 cells",
    topics: 10_000,
    partitions: 20_000,
    recordsPerSecond: 1e6,
    format: "text",
    cells: 10,
    brokers: 6,
  },
  {
    name: "10,000 topics, 10 M/s text, 20 cells",
    topics: 10_000,
    partitions: 30_000,
    recordsPerSecond: 1e7,
    format: "text",
    cells: 20,
    brokers: 24,
  },
  {
    name: "10,000 topics, 10 M/s JSON, 20 cells",
    topics: 10_000,
    partitions: 30_000,
    recordsPerSecond: 1e7,
    format: "json",
    cells: 20,
    brokers: 100,
  },
];

/** How often chance is tried. */

const help = helpText({
  synopsis: "bench:scale",
  about: `Computes what loads beyond one machine need, from costs that were measured (infra/bench/scale-model.ts says where), and runs
the assigner and the rules at their sizes, with servers in memory. infra/deploy/scale.md says what to make of it.`,
  options: [],
  exitCodes: BENCH_EXIT_CODES,
});

const write = (text: string): void => void process.stdout.write(text);
const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const megabytes = (bytes: number): string => `${whole(bytes / 1e6)} MB`;

process.exitCode = await runBench(help, parse, async (_, signal) => {
  tellNeeds();
  for (const tell of [tellSpread, tellRules]) {
    signal.throwIfAborted();
    await tell();
  }
  tellMinimums();
});

/** Null: help was asked for. */
function parse(args: string[]): true | null {
  const { values } = parseWords({ args, options: { help: COMMON_OPTIONS.help } });
  return values.help ? null : true;
}

function tellNeeds(): void {
  write("What is needed, from measured costs (infra/bench/scale-model.ts)\n\n");
  write(
    textTable([
      [
        "",
        "hosts",
        "per cell",
        "idle core/host",
        "RSS/host",
        "members",
        "heartbeats/s",
        "idle fetches/s",
        "commits/s ≤",
        "sockets",
        "per broker",
        "Kafka out",
        "ES cores",
        "index/day",
        "start",
      ],
      ...CASES.map((wanted) => {
        const needs = needsOf(wanted);
        if (needs === null)
          return [
            wanted.name,
            `does not fit: waiting in all topics takes ${(100 * idleCoreOf(wanted.topics / wanted.cells)).toFixed(0)} % of a core of each host`,
          ];
        return [
          wanted.name,
          whole(needs.hosts),
          whole(needs.hostsPerCell),
          `${(needs.idleCorePerHost * 100).toFixed(1)} %`,
          megabytes(needs.memoryPerHostBytes),
          whole(needs.members),
          whole(needs.heartbeatsPerSecond),
          whole(needs.idleFetchesPerSecond),
          whole(needs.commitsPerSecond),
          whole(needs.sockets),
          whole(needs.socketsPerBroker),
          `${megabytes(needs.kafkaOutBytesPerSecond)}/s`,
          whole(needs.elasticsearchCores),
          `${(needs.indexBytesPerDay / 1e12).toFixed(1)} TB`,
          `${needs.startSeconds.toFixed(1)} s`,
        ];
      }),
    ]),
  );
}

async function tellSpread(): Promise<void> {
  write("\nTopics of one partition over hosts: least and most, as a part of what is fair\n\n");
  const spreads: string[][] = [["topics", "hosts", "least – most"]];
  for (const [topics, hosts] of [
    [300, 3],
    [10_000, 3],
    [10_000, 10],
    [10_000, 40],
  ] as const) {
    const shares = spreadOf(topics, hosts);
    const parts = [Math.min(...shares), Math.max(...shares)].map(
      (count) => `${((100 * count * hosts) / topics).toFixed(1)} %`,
    );
    spreads.push([whole(topics), String(hosts), parts.join(" – ")]);
  }
  write(textTable(spreads));
}

async function tellRules(): Promise<void> {
  write("\nThe rules and the reconcile handler, servers in memory\n\n");
  const rules: string[][] = [
    [
      "topics",
      "config parsed",
      "etcd values",
      "first reconcile",
      "steady",
      "heap",
      "a hash",
      "/metrics",
      "made in",
      "template",
    ],
  ];
  for (const topics of [1_000, 10_000, 50_000]) {
    const cost = await costOfRules(topics);
    rules.push([
      whole(topics),
      cost.configParseMs === null ? "above 1 MiB" : `${whole(cost.configParseMs)} ms`,
      `${(cost.etcdBytes / 1e6).toFixed(1)} MB`,
      `${whole(cost.firstReconcileMs)} ms`,
      `${whole(cost.steadyReconcileMs)} ms`,
      megabytes(cost.heapBytes),
      `${cost.hashMicroseconds.toFixed(1)} µs`,
      `${(cost.metricsBytes / 1e6).toFixed(1)} MB`,
      `${whole(cost.metricsMs)} ms`,
      `${whole(cost.templateBytes / 1e3)} KB`,
    ]);
  }
  write(textTable(rules));
}

function tellMinimums(): void {
  write("\nkafka.inFlight.maxBytes of 256 MiB, shared by topics\n\n");
  write(
    textTable([
      ["topics", "minimum each", "minimums together", "smallest fetches together"],
      ...[100, 1_000, 10_000].map((topics) => {
        const { eachBytes, togetherBytes, fetchesBytes } = byteMinimums(topics, 256 * 1024 * 1024);
        return [
          whole(topics),
          `${whole(eachBytes / 1e3)} KB`,
          megabytes(togetherBytes),
          megabytes(fetchesBytes),
        ];
      }),
    ]),
  );
}
