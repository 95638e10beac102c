// `bun run simulate [--seeds N] [--from S] [--seed S]`: hosts, Kafka and Elasticsearch in virtual time, repeatable by seed.
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../../infra/cli/kit/arguments.ts";
import { ExitCode } from "../../infra/cli/kit/exit-code.ts";
import { reportFailure } from "../../infra/cli/kit/failure.ts";
import { tolerateLostOutput } from "../../infra/cli/kit/faults.ts";
import { helpText } from "../../infra/cli/kit/help-text.ts";
import { abortOnSignals } from "../../infra/cli/kit/stop-signal.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { runSeed } from "./run-seed.ts";
import { simulate } from "./runner.ts";
import { tallyText } from "./tally.ts";

const SEEDS = 2_000;
/** How many lines of a failing seed's story are printed, up to its violation. */
const LAST_LINES = 60;
/** How many failing seeds' stories are printed. */
const STORIES = 3;

const help = helpText({
  synopsis: "simulate [options]",
  about: `Runs the moving parts of one to three hosts against simulated brokers and a simulated Elasticsearch, in virtual time.
The seed decides everything: records, faults, the order of messages, every timer. A failing seed is run again, and the
end of its story is printed.`,
  options: [
    ["--seeds N", `number of seeds; default ${SEEDS}`],
    ["--from S", "the first seed; default 1"],
    ["--seed S", "runs only this seed and prints its whole story"],
  ],
  exitCodes: "0 no violation, 1 a violation, 2 wrong usage",
});

tolerateLostOutput();
process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== "--"));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const invocation = parse(argv);
    if (invocation === null) {
      process.stdout.write(help);
      return ExitCode.done;
    }
    return "seed" in invocation ? tell(invocation.seed, Infinity) : await runAll(invocation);
  } catch (error) {
    return reportFailure(error, { help, json: false, write: (text) => process.stderr.write(text) });
  }
}

async function runAll({ from, seeds }: { readonly from: number; readonly seeds: number }): Promise<number> {
  const startedAt = performance.now();
  const signal = abortOnSignals((name) => `the simulation was ended by ${name}`);
  const { tally, failures } = await simulate({ from, seeds, stopAtFirst: false, broken: null, signal });
  for (const { seed } of failures.slice(0, STORIES)) tell(seed, LAST_LINES);
  for (const { seed, violation } of failures) process.stdout.write(`seed ${seed}: ${violation}\n`);
  process.stdout.write(tallyText(tally, failures.length));
  process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
  return failures.length === 0 ? ExitCode.done : ExitCode.failed;
}

/** Runs the seed once more and prints its story. @param lines from the end */
function tell(seed: number, lines: number): number {
  const { violation, story, inForce } = runSeed(seed, { told: true });
  const told = Number.isFinite(lines) ? story.slice(-lines) : story;
  process.stdout.write(`${told.join("\n")}\n`);
  process.stdout.write(`active faults: ${inForce.join("; ") || "none"}\n`);
  process.stdout.write(`seed ${seed}: ${violation ?? "no violation"}\n\n`);
  return violation === null ? ExitCode.done : ExitCode.failed;
}

type Invocation = { readonly seed: number } | { readonly from: number; readonly seeds: number };

function parse(argv: readonly string[]): Invocation | null {
  const { values } = parseWords({
    args: [...argv],
    options: {
      help: COMMON_OPTIONS.help,
      seeds: { type: "string" },
      from: { type: "string" },
      seed: { type: "string" },
    },
  });
  if (values.help) return null;
  const { seed, seeds = String(SEEDS), from = "1" } = values;
  if (seed === undefined)
    return { seeds: wholeNumber("seeds", seeds, 1), from: wholeNumber("from", from, 0) };
  if (values.seeds !== undefined || values.from !== undefined)
    throw new PenstockError("usage", "--seed runs one seed: it cannot be combined with --seeds or --from");
  return { seed: wholeNumber("seed", seed, 0) };
}
