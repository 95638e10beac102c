// `bun run corpus`: how other programs' records arrive in Elasticsearch: accepted, dated, found by a word.
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
  about: `Has a host move the records of test/corpus, written by loggers and services: each source in its own topic, and shared topics in
three orders. Prints how many records were refused, dated wrongly and found by a word. Uses the servers in
PENSTOCK_TEST_STACK if that is set, else boots its own.`,
  options: [
    ["--only NAME", "only sources and mixes whose names start with this; several are separated by commas"],
    ["--against DIR", "show another checkout's figures before ours; its packages must be installed"],
    ["--findings", "list each record that is refused, partly ignored, dated wrongly or not found"],
    ["--quick", "only a third of each source's records"],
    ["--seed N", "for the words and the shuffled order; default: 1"],
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
  if (scenes.length === 0)
    throw new PenstockError("usage", `--only is "${only.join(",")}": no source or mix starts with it`);
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

/** @returns null if help was asked for @throws PenstockError `usage` */
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
