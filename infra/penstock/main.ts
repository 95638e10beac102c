#!/usr/bin/env bun
import { version } from "../../package.json";
import { type PenstockError, usage } from "../../lib/rules/base/errors.ts";
import { nameHint } from "../../lib/rules/base/nearest-name.ts";
import { wantsJson } from "../cli/kit/arguments.ts";
import { DEVELOPMENT, SHIPPED, type ShippedCommand } from "../cli/commands.ts";
import { runCommand } from "../cli/kit/command-io.ts";
import { ExitCode } from "../cli/kit/exit-code.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { printError, printOut } from "../cli/kit/terminal.ts";

/** A command's module: `run` ends the process, or keeps it alive until a signal ends it. */
interface Program {
  readonly run: (argv: readonly string[]) => Promise<void>;
}

/** Each is loaded only if it is called: the host alone takes longer to load than most commands run. */
const PROGRAMS: Readonly<Record<Exclude<ShippedCommand, "version">, () => Promise<Program>>> = {
  host: () => import("../host/main.ts"),
  doctor: () => import("../cli/doctor.ts"),
  topics: () => import("../cli/topics.ts"),
  plan: () => import("../cli/plan.ts"),
  top: () => import("../cli/top.ts"),
  tap: () => import("../cli/records/tap.ts"),
  logs: () => import("../cli/records/logs.ts"),
  explain: () => import("../cli/explain.ts"),
  audit: () => import("../cli/audit.ts"),
  replay: () => import("../cli/replay.ts"),
  schema: () => import("../cli/schema.ts"),
  help: () => import("../cli/help.ts"),
};

const USAGE = "Usage: penstock COMMAND [options]\n";

/** `penstock COMMAND …`, also the image's entry point. */
async function main([word, ...rest]: readonly string[]): Promise<void> {
  if (word === "version" || word === "--version") return runCommand(rest, showVersion);
  if (word === "--help" || word === "-h") return runProgram("help", rest);
  if (word === "help") return helpOf(rest);
  if (word !== undefined && isProgram(word)) return runProgram(word, rest);
  return runCommand([], async () =>
    reportFailure(unknown(word), { help: USAGE, json: wantsJson(rest), write: printError }),
  );
}

async function runProgram(name: keyof typeof PROGRAMS, argv: readonly string[]): Promise<void> {
  const { run } = await PROGRAMS[name]();
  await run(argv);
}

/** `help topics add` is `topics add --help`. */
function helpOf(words: readonly string[]): Promise<void> {
  const [command = "help", ...rest] = words;
  return command !== "help" && isProgram(command)
    ? runProgram(command, [...rest, "--help"])
    : runProgram("help", words);
}

function isProgram(word: string): word is keyof typeof PROGRAMS {
  return Object.hasOwn(PROGRAMS, word);
}

function unknown(word: string | undefined): PenstockError {
  const names = Object.keys(SHIPPED);
  if (word === undefined) return usage(`A command is missing: ${names.join(", ")}`);
  if (word.startsWith("-")) return usage(`Unknown option: ${word} (options follow the command)`);
  if (Object.hasOwn(DEVELOPMENT, word)) return usage(`${word} needs a checkout of Penstock: bun run ${word}`);
  return usage(`Unknown command: ${word} (${nameHint(word, names)})`);
}

async function showVersion(argv: readonly string[]): Promise<number> {
  printOut(
    wantsJson(argv)
      ? `${JSON.stringify({ version, bun: Bun.version })}\n`
      : `penstock ${version} (Bun ${Bun.version})\n`,
  );
  return ExitCode.done;
}

await main(process.argv.slice(2));
