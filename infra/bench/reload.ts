// `bun run bench:reload`: how long it takes until a newly declared topic's first record is in Elasticsearch.
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../cli/arguments.ts";
import { helpText, JSON_ROW } from "../cli/help-text.ts";
import { bootStack } from "../stack/boot.ts";
import { openBroker } from "./broker.ts";
import { BENCH_EXIT_CODES, runBench } from "./command.ts";
import { median } from "./median.ts";
import { measureReload, type ReloadResult, reloadServers } from "./reload-rounds.ts";

const help = helpText({
  synopsis: "bench:reload [options]",
  about: `Boots Kafka, Elasticsearch and etcd, starts a host that moves a busy topic, and declares new topics one after another:
through etcd (with an index of their own, and into one that is there), through the config file and through \`topics add\`.
Measures until the first document of each is acknowledged in Elasticsearch.`,
  options: [
    [
      "--rebalance-delay MS",
      "Kafka's group.initial.rebalance.delay.ms; once with 0 and once with 3000, its default, unless told",
    ],
    ["--rounds N", "new topics in each way; 20 unless told"],
    JSON_ROW,
  ],
  exitCodes: BENCH_EXIT_CODES,
});

interface Invocation {
  readonly delaysMs: readonly number[];
  readonly rounds: number;
  readonly json: boolean;
}

interface Report extends ReloadResult {
  readonly rebalanceDelayMs: number;
}

process.exitCode = await runBench(help, parse, async ({ delaysMs, rounds, json }, signal) => {
  const reports: Report[] = [];
  for (const rebalanceDelayMs of delaysMs) {
    const report = { rebalanceDelayMs, ...(await measure(rebalanceDelayMs, rounds, signal)) };
    reports.push(report);
    if (!json) process.stdout.write(format(report));
  }
  if (json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
});

/** Null: help was asked for. @throws saying what is wrong with the usage */
function parse(args: string[]): Invocation | null {
  const { values } = parseWords({
    args,
    options: {
      "rebalance-delay": { type: "string" },
      rounds: { type: "string", default: "20" },
      ...COMMON_OPTIONS,
    },
  });
  if (values.help) return null;
  const delay = values["rebalance-delay"];
  return {
    delaysMs: delay === undefined ? [0, 3_000] : [wholeNumber("rebalance-delay", delay, 0)],
    rounds: wholeNumber("rounds", values.rounds, 1),
    json: values.json,
  };
}

async function measure(
  groupRebalanceDelayMs: number,
  rounds: number,
  signal: AbortSignal,
): Promise<ReloadResult> {
  await using stack = await bootStack({ groupRebalanceDelayMs, signal });
  await using broker = await openBroker(stack.kafka.brokers);
  return await measureReload(reloadServers(stack, broker), { rounds }, signal);
}

function format({ rebalanceDelayMs, times, busy }: Report): string {
  const milliseconds = (ms: number): string => `${Math.round(ms)} ms`.padStart(9);
  const perSecond = (rate: number): string => `${Math.round(rate)}/s`;
  const { before, during, membershipBefore, membershipAfter } = busy;
  const sameMembers = membershipBefore.memberIds.join() === membershipAfter.memberIds.join();
  const rounds = times[0]?.ms.length ?? 0;
  const width = Math.max(...times.map(({ since }) => since.length));
  return [
    "",
    `group.initial.rebalance.delay.ms ${rebalanceDelayMs}, ${rounds} new topics each: to the first document in Elasticsearch`,
    `  ${"since".padEnd(width)}   median    worst`,
    ...times.map(
      ({ since, ms }) =>
        `  ${since.padEnd(width)}${milliseconds(median(ms))}${milliseconds(Math.max(...ms))}`,
    ),
    `  busy topic, before: ${perSecond(before.mean)} consumed, slowest second ${perSecond(before.slowestSecond)}`,
    `  busy topic, during: ${perSecond(during.mean)} consumed, slowest second ${perSecond(during.slowestSecond)}`,
    `  its group: generation ${membershipBefore.generation} before, ${membershipAfter.generation} after; ` +
      (sameMembers ? "the same member" : "another member"),
    "",
  ].join("\n");
}
