// `bun run fuzz [--seed S] [--cases N] [--only SUITE]`: hostile input of every kind, the same again with the same seed.
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../../../infra/cli/kit/arguments.ts";
import { reportFailure } from "../../../infra/cli/kit/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/kit/faults.ts";
import { helpText } from "../../../infra/cli/kit/help-text.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { fuzzConfig } from "./config.ts";
import { fuzzEtcd } from "./etcd.ts";
import { fuzzRecords } from "./records.ts";
import { type FuzzOptions, type FuzzSummary, summaryText } from "./suite.ts";

/** By name, in the order in which they run, with how many cases each has unless told. */
const suites: Readonly<
  Record<
    string,
    { readonly cases: number; readonly run: (options: FuzzOptions) => FuzzSummary | Promise<FuzzSummary> }
  >
> = {
  config: { cases: 6_000, run: fuzzConfig },
  etcd: { cases: 6_000, run: fuzzEtcd },
  records: { cases: 12_000, run: fuzzRecords },
  // `http` has its place here: test/support/fuzz/http.ts.
};

const help = helpText({
  synopsis: "fuzz [options]",
  about: `Gives hostile input to what reads config files, etcd values and records, and checks what becomes of each:
taken, refused with its place and rule, or dead-lettered with its reason. No servers are needed.`,
  options: [
    ["--seed S", "of the cases; said in the summary, any unless told"],
    ["--cases N", "of each suite, hand-picked ones included"],
    ["--only SUITE", `one of ${Object.keys(suites).join(", ")}; all unless told`],
  ],
  exitCodes: "0 every case as it should be, 1 one was not, 2 wrong usage",
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
  /** Null: as many as the suite has. */
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
    throw new PenstockError("usage", `--only is one of ${Object.keys(suites).join(", ")}, not ${only}`);
  return {
    seed: wholeNumber("seed", values.seed, 0),
    cases: values.cases === undefined ? null : wholeNumber("cases", values.cases, 0),
    only,
  };
}
