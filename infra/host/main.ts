import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import manifest from "../../package.json" with { type: "json" };
import { createLogger } from "../../lib/adapters/log/log.ts";
import { openLogOutput } from "../../lib/adapters/log/log-output.ts";
import type { ConfigDocument } from "../../lib/rules/config/config.ts";
import { takeProxyVariables } from "../../lib/adapters/system/proxy-environment.ts";
import { proxyText } from "../../lib/rules/config/proxy.ts";
import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import { COMMON_OPTIONS, parseWords } from "../cli/kit/arguments.ts";
import { ExitCode } from "../cli/kit/exit-code.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { tolerateLostOutput } from "../cli/kit/faults.ts";
import { CONFIG_ROW, helpText } from "../cli/kit/help-text.ts";
import { onStopSignals } from "../cli/kit/stop-signal.ts";
import { createConfigReader } from "./reconcile/config-reader.ts";
import { startHost } from "./host.ts";
import { startWatchdog } from "./observe/watchdog.ts";
import { printError, printOut } from "../cli/kit/terminal.ts";

const HELP = helpText({
  synopsis: "host [options]",
  about: `Moves logs from Kafka topics into Elasticsearch until SIGTERM, SIGINT (Ctrl-C) or SIGHUP; a second signal ends it at once.
Logs to standard output: JSON lines, or readable text on a terminal.`,
  options: [CONFIG_ROW],
  exitCodes:
    "0 stopped with everything committed, 1 failed, 2 wrong usage, 70 hung and ended by its watchdog, 78 bad config",
});

/** Longest allowed stall of the event loop. No regular work comes near it. */
const STAND_STILL_MS = 30_000;
/** Time limit for writing the last lines of the log. */
const LAST_LINES_MS = 1_000;

if (import.meta.main) await run(process.argv.slice(2));

/** `bun run host …`: runs until a signal ends it, and ends the process. */
export async function run(argv: readonly string[], standStillMs = STAND_STILL_MS): Promise<void> {
  const environment = takeProxyVariables(process.env);
  const configPath = await configPathOf(argv);
  const reader = createConfigReader(configPath, environment);
  let config: ConfigDocument;
  try {
    config = reader.read();
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error;
    printError(`${error.message}\n`);
    process.exit(ExitCode.badConfig);
  }

  let { log, shutdown } = config.settings;
  const pretty = process.stdout.isTTY;
  const output = openLogOutput({
    fd: 1,
    onLost: (lines) =>
      logger.warn("log lines were dropped because standard output did not accept them", { lines }),
  });
  // Only libraries write to standard error; a closed terminal must not end the host.
  process.stderr.on("error", () => {});
  const hide = (text: string): string => reader.hide(text);
  const logger = createLogger({
    level: () => log.level,
    pretty,
    hide,
    destination: output,
  });
  const end = (code: number): void => void output.drained(LAST_LINES_MS).then(() => process.exit(code));
  const watchdog = startWatchdog({ limitMs: standStillMs, pretty, logger });
  for (const notice of config.notices) logger.warn(notice);
  // A bug. Only its message is logged, since its other properties may hold records; uncommitted records are read again.
  const giveUp = (error: unknown): void => {
    logger.error("unhandled error: exiting", { error: messageOf(error) });
    end(ExitCode.failed);
  };
  process.on("unhandledRejection", giveUp);
  process.on("uncaughtException", giveUp);
  try {
    const host = await startHost({
      configPath,
      config,
      logger,
      hide,
      now: () => Date.now(),
      monotonicMs: () => performance.now(),
      random: () => Math.random(),
      newMarker: () => randomBytes(16).toString("base64url"),
      machineName: hostname(),
      version: manifest.version,
      readConfig: () => reader.read(),
      onSettings: (inForce) => void ({ log, shutdown } = inForce),
      namedFiles: () => reader.files,
      note: (doing) => watchdog.note(doing),
    });
    const proxies = Object.values(config.settings.elasticsearch.proxies).map(proxyText);
    logger.info("penstock answers", {
      url: host.url,
      config: configPath,
      ...(proxies.length > 0 && { elasticsearch: `through ${[...new Set(proxies)].join(", ")}` }),
    });
    const stop = (signal: NodeJS.Signals, limitMs: number): Promise<boolean> => {
      watchdog.stopWithin(limitMs);
      return host.stop(signal);
    };
    stopOnSignals(stop, () => shutdown.deadlineMs, logger, end);
  } catch (error) {
    logger.error("the host does not start", { error: messageOf(error) });
    end(ExitCode.failed);
  }
}

async function configPathOf(argv: readonly string[]): Promise<string> {
  try {
    const options = { config: { type: "string" }, help: COMMON_OPTIONS.help } as const;
    const { values } = parseWords({ args: [...argv], options });
    if (values.help) {
      const exitWith = tolerateLostOutput();
      printOut(HELP);
      return await exitWith(ExitCode.done);
    }
    return values.config ?? process.env["PENSTOCK_CONFIG"] ?? "config.yaml";
  } catch (error) {
    process.exit(reportFailure(error, { help: HELP, json: false, write: printError }));
  }
}

/** @param limitMs of `stop` */
function stopOnSignals(
  stop: (signal: NodeJS.Signals, limitMs: number) => Promise<boolean>,
  limitMs: () => number,
  logger: Logger,
  end: (code: number) => void,
): void {
  onStopSignals(
    (signal) => {
      const withinMs = limitMs();
      setTimeout(() => {
        logger.error("not stopped within shutdown.deadline: exiting; uncommitted records will be read again");
        end(ExitCode.failed);
      }, withinMs);
      stop(signal, withinMs).then(
        (clean) => {
          logger.info("stopped", { clean });
          end(clean ? ExitCode.done : ExitCode.failed);
        },
        (error: unknown) => {
          logger.error("stopping failed", { error: messageOf(error) });
          end(ExitCode.failed);
        },
      );
    },
    (signal) => {
      logger.warn("a second signal: exiting at once", { signal });
      end(ExitCode.failed);
    },
  );
}
