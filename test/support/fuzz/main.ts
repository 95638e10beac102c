// `bun run fuzz [--seed S] [--cases N] [--only SUITE]`: hostile input, repeatable by its seed.
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../../../infra/cli/kit/arguments.ts";
import { reportFailure } from "../../../infra/cli/kit/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/kit/faults.ts";
import { helpText } from "../../../infra/cli/kit/help-text.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { fuzzConfig } from "./config.ts";
import { fuzzEtcd } from "./etcd.ts";
import { fuzzRecords } from "./records.ts";
import { type FuzzOptions, type FuzzSummary, summaryText } from "./suite.ts";

/** By name, in running order, with the default number of cases. */
const suites: Readonly<
  Record<
    string,
    { readonly cases: number; readonly run: (options: FuzzOptions) => FuzzSummary | Promise<FuzzSummary> }
  >
> = {
  config: { cases: 6_000, run: fuzzConfig },
  etcd: { cases: 6_000, run: fuzzEtcd },
  records: { cases: 12_000, run: fuzzRecords },
  // HTTP needs a server: test/support/fuzz/http.ts.
};

const help = helpText({
  synopsis: "fuzz [options]",
  about: `Feeds hostile input to the readers of config files, etcd values and records. Each must be accepted, refused with
its place and rule, or dead-lettered with its reason. Needs no servers.`,
  options: [
    ["--seed S", "repeats the cases of a run, which prints its seed in the summary; default: random"],
    ["--cases N", "cases per suite, including the hand-picked ones"],
    ["--only SUITE", `one of ${Object.keys(suites).join(", ")}; default: all`],
  ],
  exitCodes: "0 all cases passed, 1 a case failed, 2 wrong usage",
});

tolerateLostOutput();
process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== "--"));

async function main(argv: readonly string[]): Promise<number> {
  let invocation: Invocation | null;
  try {
    invocation = parse(argv);
  } catch (error) {
    return reportFailure(error, { help, json: false, write: (text) => process.stderr.write(text) });
  }
  if (invocation === null) {
    process.stdout.write(help);
    return 0;
  }
  const { seed, cases: given, only } = invocation;
  const startedAt = performance.now();
  let [total, failures] = [0, 0];
  for (const [name, { cases, run }] of Object.entries(suites)) {
    if (only !== null && name !== only) continue;
    const summary = await run({ seed, cases: given ?? cases });
    process.stdout.write(summaryText(summary));
    total += summary.cases;
    failures += summary.failure === null ? 0 : 1;
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  process.stdout.write(
    `fuzz: ${total.toLocaleString("en-US")} cases in ${seconds} s, crashes ${failures}, seed ${seed}\n`,
  );
  return failures === 0 ? 0 : 1;
}

interface Invocation {
  readonly seed: number;
  /** Null: the suite's default. */
  readonly cases: number | null;
  /** Null: all. */
  readonly only: string | null;
}

function parse(argv: readonly string[]): Invocation | null {
  const { values } = parseWords({
    args: [...argv],
    options: {
      help: COMMON_OPTIONS.help,
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      cases: { type: "string" },
      only: { type: "string" },
    },
  });
  if (values.help) return null;
  const { only = null } = values;
  if (only !== null && !Object.hasOwn(suites, only))
    throw new PenstockError("usage", `--only must be one of ${Object.keys(suites).join(", ")}, not ${only}`);
  return {
    seed: wholeNumber("seed", values.seed, 0),
    cases: values.cases === undefined ? null : wholeNumber("cases", values.cases, 0),
    only,
  };
}
