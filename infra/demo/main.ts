import { messageOf } from "../../lib/rules/base/errors.ts";
import { COMMON_OPTIONS, parseWords, wantsJson } from "../cli/kit/arguments.ts";
import { ExitCode, exitCodeOf } from "../cli/kit/exit-code.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { endOnFaults } from "../cli/kit/faults.ts";
import { helpText } from "../cli/kit/help-text.ts";
import { abortOnSignals } from "../cli/kit/stop-signal.ts";
import { hasColours, isLive, printError, printOut } from "../cli/kit/terminal.ts";
import { runDemo } from "./demo.ts";

const help = helpText({
  synopsis: "demo [options]",
  about: `Boots Kafka, Elasticsearch, etcd and the host on 127.0.0.1 and feeds them their own logs. Stays up until Ctrl-C. With
--once, or without a terminal on its input and output, it ends after the last step.`,
  options: [
    ["--once", "end after the last step"],
    ["--json", "write the result as JSON at the end, and the narration to standard error; implies --once"],
  ],
  exitCodes:
    "0 all checks passed, 1 a check failed, 2 wrong usage, 128 + signal if ended by one before the last step",
});

endOnFaults();
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const json = wantsJson(argv);
  const output = json ? process.stderr : process.stdout;
  try {
    const { values } = parseWords({
      args: [...argv],
      options: { ...COMMON_OPTIONS, once: { type: "boolean", default: false } },
    });
    if (values.help) {
      printOut(help);
      return 0;
    }
    const result = await runDemo({
      output,
      live: isLive(output, process.env),
      colour: hasColours(output, process.env),
      stay: !values.once && !json && process.stdin.isTTY && process.stdout.isTTY,
      environment: process.env,
      // A second signal ends this process at once; the guardians clean up.
      signal: abortOnSignals(),
    });
    if (json) printOut(`${JSON.stringify(result)}\n`);
    return result.held ? 0 : 1;
  } catch (error) {
    const code = exitCodeOf(error);
    if (json || code === ExitCode.usage) {
      return reportFailure(error, { help, json, write: printError });
    }
    printOut(`demo: ${messageOf(error)}\n`);
    return code;
  }
}
