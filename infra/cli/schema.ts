import { join } from "node:path";
import { configJsonSchema } from "../../lib/rules/config/json-schema.ts";
import { COMMON_OPTIONS, parseWords } from "./kit/arguments.ts";
import { runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { helpText } from "./kit/help-text.ts";
import { printError, printOut } from "./kit/terminal.ts";

const help = helpText({
  synopsis: "schema [options]",
  about:
    "Writes infra/config.schema.json, the JSON Schema of the config file. Editors use it to complete and check.",
  options: [
    ["--print", "write it to standard output instead"],
    ["--check", "write nothing; exit with 1 if the file is out of date"],
  ],
  exitCodes: "0 done, 1 failed or out of date, 2 wrong usage",
});

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> => runCommand(argv, main);

async function main(argv: readonly string[]): Promise<number> {
  try {
    const flag = { type: "boolean", default: false } as const;
    const options = { print: flag, check: flag, help: COMMON_OPTIONS.help } as const;
    const { values } = parseWords({ args: [...argv], options });
    if (values.help) printOut(help);
    else if (values.print) printOut(wanted());
    else return await (values.check ? check() : write());
    return ExitCode.done;
  } catch (error) {
    return reportFailure(error, { help, json: false, write: printError });
  }
}

async function check(): Promise<number> {
  const file = Bun.file(target());
  if ((await file.exists()) && (await file.text()) === wanted()) return ExitCode.done;
  printError("infra/config.schema.json is out of date: run `bun run schema`\n");
  return ExitCode.failed;
}

async function write(): Promise<number> {
  await Bun.write(target(), wanted());
  printOut("wrote infra/config.schema.json\n");
  return ExitCode.done;
}

function target(): string {
  return join(import.meta.dir, "..", "config.schema.json");
}

function wanted(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

if (import.meta.main) await run(process.argv.slice(2));
