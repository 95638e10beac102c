import { constants } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../../lib/rules/errors.ts";
import { runDemo } from "./demo.ts";

const usage = `Usage: bun run demo [--once]

Boots Kafka, Elasticsearch, etcd and the host on 127.0.0.1 and feeds them the logs they write.
Stays up until Ctrl-C; with --once, or without a terminal on its input and output, it ends after the last step.
Exit codes: 0 everything held, 1 something did not, 2 wrong usage, 128 + signal ended before the last step.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  let once: boolean;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { once: { type: "boolean", default: false }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    once = values.once || !terminal;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }

  const interrupted = new AbortController();
  let signalCode = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // The guardians clean up by themselves when this process is gone.
      if (interrupted.signal.aborted) process.exit(signalCode);
      signalCode = 128 + constants.signals[name];
      interrupted.abort(new Error(`ended by ${name}`));
    });
  }
  const live = process.stdout.isTTY && process.env["TERM"] !== "dumb";
  try {
    const held = await runDemo({
      output: process.stdout,
      live,
      colour: live && !process.env["NO_COLOR"],
      stay: !once,
      environment: process.env,
      signal: interrupted.signal,
    });
    return held ? 0 : 1;
  } catch (error) {
    process.stdout.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return interrupted.signal.aborted ? signalCode : 1;
  }
}
