import { wantsJson } from "./kit/arguments.ts";
import { runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig } from "./kit/load-config.ts";
import { printError } from "./kit/terminal.ts";
import { type TopicsIo, verbHelp } from "./topics/verb.ts";
import { TOPICS_HELP, verbOf } from "./topics/verbs/all-verbs.ts";

/** `bun run topics`: runs one verb and returns the exit code; never throws. */
export async function main(argv: readonly string[], io: TopicsIo): Promise<number> {
  let help = TOPICS_HELP;
  try {
    const verb = verbOf(argv);
    if (verb !== null) help = verbHelp(verb);
    const call = verb?.parse(argv.slice(1)) ?? null;
    if (call === null) {
      io.out(help);
      return ExitCode.done;
    }
    return await call.run(loadConfig(call.config, io.environment), io);
  } catch (error) {
    return reportFailure(error, { help, json: wantsJson(argv), write: io.error });
  }
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, (words, io) => main(words, { ...io, error: printError }));

if (import.meta.main) await run(process.argv.slice(2));
