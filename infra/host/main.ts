import { randomBytes } from "node:crypto";
import { createLogger } from "../../lib/adapters/log.ts";
import type { ConfigDocument } from "../../lib/rules/config/config.ts";
import { messageOf, PenstockError } from "../../lib/rules/errors.ts";
import { COMMON_OPTIONS, parseWords } from "../cli/arguments.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { reportFailure } from "../cli/failure.ts";
import { CONFIG_ROW, helpText } from "../cli/help-text.ts";
import { createConfigReader } from "./config-reader.ts";
import { startHost } from "./host.ts";

const HELP = helpText({
  synopsis: "host [options]",
  about: `Moves logs from Kafka topics into Elasticsearch until SIGTERM or SIGINT.
Its log goes to standard output: lines of JSON, or for a person where that is a terminal.`,
  options: [CONFIG_ROW],
  exitCodes: "0 stopped with everything committed, 1 failed, 2 wrong usage, 78 bad config",
});

// Bun's fetch would send what goes to Elasticsearch, 127.0.0.1 included, through the proxy that a shell happens to
// name; Elasticsearch's own client never does.
process.env["NO_PROXY"] ??= "*";

await main();

async function main(): Promise<void> {
  const configPath = configPathOf(process.argv.slice(2));
  const reader = createConfigReader(configPath, process.env);
  let config: ConfigDocument;
  try {
    config = reader.read();
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(ExitCode.badConfig);
  }

  let { log, shutdown } = config.settings;
  const logger = createLogger({
    level: () => log.level,
    pretty: process.stdout.isTTY,
    hide: (text) => reader.hide(text),
  });
  for (const notice of config.notices) logger.warn(notice);
  // A fault of ours. What it would print of itself may hold records; what was not committed is read again.
  const giveUp = (error: unknown): void => {
    logger.error("an error nobody handled: exiting", { error: messageOf(error) });
    process.exit(1);
  };
  process.on("unhandledRejection", giveUp);
  process.on("uncaughtException", giveUp);
  try {
    const host = startHost({
      configPath,
      config,
      logger,
      now: () => Date.now(),
      monotonicMs: () => performance.now(),
      random: () => Math.random(),
      newMarker: () => randomBytes(16).toString("base64url"),
      readConfig: () => reader.read(),
      onSettings: (inForce) => void ({ log, shutdown } = inForce),
      namedFiles: () => reader.files,
    });
    logger.info("penstock answers", { url: host.url, config: configPath });
    stopOnSignals(
      () => host.stop(),
      () => shutdown.deadlineMs,
      logger,
    );
  } catch (error) {
    logger.error("the host does not start", { error: messageOf(error) });
    process.exit(1);
  }
}

function configPathOf(args: string[]): string {
  try {
    const options = { config: { type: "string" }, help: COMMON_OPTIONS.help } as const;
    const { values } = parseWords({ args, options });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(ExitCode.done);
    }
    return values.config ?? process.env["PENSTOCK_CONFIG"] ?? "config.yaml";
  } catch (error) {
    const write = (text: string) => process.stderr.write(text);
    process.exit(reportFailure(error, { help: HELP, json: false, write }));
  }
}

/** As process 1 of a container nobody else handles signals, so an unhandled SIGTERM would be ignored. */
function stopOnSignals(
  stop: () => Promise<boolean>,
  deadlineMs: () => number,
  logger: ReturnType<typeof createLogger>,
): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn("a second signal: exiting at once", { signal });
      process.exit(1);
    }
    stopping = true;
    logger.info("stopping", { signal });
    setTimeout(() => {
      logger.error("not stopped within shutdown.deadline: exiting; what was not committed is read again");
      process.exit(1);
    }, deadlineMs());
    stop().then(
      (clean) => {
        logger.info("stopped", { clean });
        process.exit(clean ? 0 : 1);
      },
      (error: unknown) => {
        logger.error("stopping failed", { error: messageOf(error) });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
