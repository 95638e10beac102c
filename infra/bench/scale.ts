// `bun run bench:scale`: what the rules, and what is in memory, cost at the sizes of large installations.
import { COMMON_OPTIONS, parseWords } from "../cli/arguments.ts";
import { helpText } from "../cli/help-text.ts";
import { BENCH_EXIT_CODES, runBench } from "./command.ts";
import { byteMinimums } from "./scale-bytes.ts";
import { costOfRules, spreadOf } from "./scale-simulation.ts";
import { textTable } from "./text-table.ts";

const help = helpText({
  synopsis: "bench:scale",
  about:
    "Runs the rules at the sizes of large installations, with servers in memory. infra/deploy/scale.md says what to make of it.",
  options: [],
  exitCodes: BENCH_EXIT_CODES,
});

const write = (text: string): void => void process.stdout.write(text);
const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const megabytes = (bytes: number): string => `${whole(bytes / 1e6)} MB`;

process.exitCode = await runBench(help, parse, async (_, signal) => {
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

async function tellSpread(): Promise<void> {
  write("Topics of one partition over hosts: least and most, as a part of what is fair\n\n");
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
