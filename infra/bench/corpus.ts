// `bun run corpus`: what becomes of other programs' records, on real servers: taken, dated, found by a word.
import { basename, resolve } from "node:path";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../cli/kit/arguments.ts";
import { helpText, JSON_ROW } from "../cli/kit/help-text.ts";
import { bootStack } from "../stack/boot.ts";
import type { Stack } from "../stack/stack.ts";
import { addressesSchema } from "../stack/state.ts";
import { BENCH_EXIT_CODES, runBench } from "./kit/command.ts";
import { findingsOf } from "./corpus/findings.ts";
import type { CorpusServers } from "./corpus/move.ts";
import { corpusScenes, runCorpus } from "./corpus/run-corpus.ts";
import { type CorpusRow, corpusTable, rowsOf } from "./corpus/table.ts";
import { createProgressBar } from "./report/progress-bar.ts";

const QUICK_EVERY = 3;

const help = helpText({
  synopsis: "corpus [options]",
  about: `Puts the records of test/corpus, which loggers and services write, through a host into Elasticsearch: each source in a topic of its
own, and topics that many share, in three orders. Prints how many were refused, dated wrongly, and found by a word.
Takes the servers that PENSTOCK_TEST_STACK names, else boots them.`,
  options: [
    ["--only NAME", "sources and mixes whose names begin so, separated by commas"],
    ["--against DIR", "another checkout of Penstock, its packages installed: its figures stand before ours"],
    ["--findings", "each record that is refused, ignored in part, dated wrongly or not found"],
    ["--quick", "a third of each source's records"],
    ["--seed N", "of the words and the shuffled order; 1 unless told"],
    JSON_ROW,
  ],
  exitCodes: BENCH_EXIT_CODES,
});

interface Invocation {
  readonly only: readonly string[];
  readonly against: string | null;
  readonly findings: boolean;
  readonly quick: boolean;
  readonly seed: number;
  readonly json: boolean;
}

process.exitCode = await runBench(help, parse, async (invocation, signal) => {
  const { only, against, seed } = invocation;
  const all = await corpusScenes(seed, invocation.quick ? QUICK_EVERY : 1);
  const scenes = all.filter(({ name }) => only.length === 0 || only.some((start) => name.startsWith(start)));
  if (scenes.length === 0) throw new PenstockError("usage", `--only ${only.join(",")} names nothing`);
  const given = process.env["PENSTOCK_TEST_STACK"];
  await using stack = given === undefined ? await bootStack({ etcd: false, signal }) : null;
  const servers = stack === null ? serversOf(given ?? "") : bootedServers(stack);
  using bar = createProgressBar(process.stderr);
  const run = (checkout: string | undefined) =>
    runCorpus({
      ...servers,
      scenes,
      seed,
      signal,
      checkout,
      progress: (text) => bar.show(checkout === undefined ? text : `${basename(checkout)}: ${text}`, 0),
    });
  const before = against === null ? null : rowsOf(await run(against));
  const ours = await run(undefined);
  bar.end();
  process.stdout.write(report(invocation, rowsOf(ours), before));
  if (invocation.findings) process.stdout.write(findingsOf(ours));
});

function bootedServers({ kafka, elasticsearch }: Stack): CorpusServers {
  return { brokers: kafka.brokers, node: elasticsearch.node };
}

function serversOf(given: string): CorpusServers {
  const { brokers, elasticsearchNode } = addressesSchema.parse(JSON.parse(given));
  return { brokers, node: elasticsearchNode };
}

function report(
  { json }: Invocation,
  rows: readonly CorpusRow[],
  before: readonly CorpusRow[] | null,
): string {
  return json ? `${JSON.stringify({ rows, before }, null, 2)}\n` : corpusTable(rows, before);
}

/** Null: help was asked for. @throws saying what is wrong with the usage */
function parse(args: string[]): Invocation | null {
  const { values } = parseWords({
    args,
    options: {
      only: { type: "string" },
      against: { type: "string" },
      findings: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      ...COMMON_OPTIONS,
    },
  });
  if (values.help) return null;
  const { only, against, findings, quick, json } = values;
  return {
    only: only?.split(",") ?? [],
    against: against === undefined ? null : resolve(against),
    findings,
    quick,
    seed: wholeNumber("seed", values.seed, 0),
    json,
  };
}
