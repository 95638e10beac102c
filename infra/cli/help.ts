import { join } from "node:path";
import { PenstockError, usage } from "../../lib/rules/base/errors.ts";
import { nameHint } from "../../lib/rules/base/nearest-name.ts";
import { COMMON_OPTIONS, parseWords, wantsJson } from "./kit/arguments.ts";
import { COMMANDS, DEVELOPMENT, SHIPPED, WITH_HELP } from "./commands.ts";
import { runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { helpText, JSON_ROW } from "./kit/help-text.ts";
import { printError, printOut } from "./kit/terminal.ts";

const HELP = helpText({
  synopsis: "help [COMMAND]",
  about: `Penstock moves logs from Kafka topics into Elasticsearch.

With --json a command writes only JSON to standard output. If it fails, the last line on standard error is
{"error":{"code","message","exitCode"}}. Colours and progress appear only on a terminal; NO_COLOR turns colours off.`,
  sections: [
    { title: "Commands: penstock COMMAND [--help], or bun run COMMAND", rows: Object.entries(SHIPPED) },
    { title: "In a checkout: bun run COMMAND [--help]", rows: Object.entries(DEVELOPMENT) },
  ],
  options: [JSON_ROW],
});

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> => runCommand(argv, main);

/** `help`: one line for every command, or the help of one. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseWords({
      args: [...argv],
      allowPositionals: true,
      options: COMMON_OPTIONS,
    });
    const [command, ...others] = positionals;
    if (others.length > 0)
      throw new PenstockError("usage", `One command at a time: ${positionals.join(" ")}`);
    if (command === undefined || command === "help" || values.help) {
      printOut(values.json ? `${JSON.stringify({ commands: COMMANDS })}\n` : HELP);
      return ExitCode.done;
    }
    return await helpOf(command);
  } catch (error) {
    return reportFailure(error, {
      help: HELP,
      json: wantsJson(argv),
      write: printError,
    });
  }
}

async function helpOf(command: string): Promise<number> {
  const about = COMMANDS[command];
  if (about === undefined) {
    throw usage(`Unknown command: ${command} (${nameHint(command, Object.keys(COMMANDS))})`);
  }
  if (!WITH_HELP.includes(command)) {
    printOut(`${command in SHIPPED ? "penstock" : "bun run"} ${command}: ${about}\n`);
    return ExitCode.done;
  }
  const child = Bun.spawn([process.execPath, "run", "--silent", command, "--help"], {
    cwd: join(import.meta.dir, "../.."),
    stdio: ["ignore", "inherit", "inherit"],
  });
  return child.exited;
}

if (import.meta.main) await run(process.argv.slice(2));
