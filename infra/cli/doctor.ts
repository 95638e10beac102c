import { statSync } from "node:fs";
import { diagnose } from "../../functions/diagnose.ts";
import { createElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import { examinePort } from "../../lib/adapters/system/http-port.ts";
import { createOrderStore } from "../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { createKafkaDiagnosis } from "../../lib/adapters/kafka/queries/diagnosis.ts";
import { createLogger } from "../../lib/adapters/log/log.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import { ConfigError } from "../../lib/rules/yaml/problem.ts";
import { type Check, checksOf } from "../../lib/rules/diagnosis/check.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { createRedaction } from "../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../lib/rules/secrets/secret.ts";
import { visibleLines } from "../../lib/rules/base/visible-text.ts";
import { wantsJson } from "./kit/arguments.ts";
import { runCommand, type CommandIo } from "./kit/command-io.ts";
import { DOCTOR_HELP, parseDoctorArguments } from "./doctor/arguments.ts";
import { checksAsJson, formatChecks, isWell } from "./doctor/report.ts";
import { withStore } from "../../lib/adapters/etcd/declarations-store.ts";
import { ExitCode, exitCodeOf } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig, type LoadedConfig } from "./kit/load-config.ts";
import { createLiveLine } from "./kit/progress-line.ts";
import { createPaint, hasColours, type TerminalOutput } from "./kit/terminal.ts";

/** The surroundings of the command. The output is coloured on a terminal. */
export interface DoctorIo extends Pick<CommandIo, "environment" | "error" | "signal" | "now"> {
  readonly out: TerminalOutput;
}

const QUESTION_MS = 10_000;
/** For abandoned readers: each deletes its group. */
const CLOSE_MS = 10_000;

/** `bun run doctor`: runs all checks and returns the exit code; never throws. */
export async function main(argv: readonly string[], io: DoctorIo): Promise<number> {
  try {
    const command = parseDoctorArguments(argv);
    if (command.help) {
      io.out.write(DOCTOR_HELP);
      return ExitCode.done;
    }
    const { checks, code } = await examine(command.config, io);
    const paint = createPaint(hasColours(io.out, io.environment));
    io.out.write(command.json ? visibleLines(checksAsJson(checks)) : formatChecks(checks, paint));
    return code;
  } catch (error) {
    return reportFailure(error, {
      help: DOCTOR_HELP,
      json: wantsJson(argv),
      write: (text) => io.error.write(visibleLines(text)),
    });
  }
}

async function examine(given: string | null, io: DoctorIo) {
  let config: LoadedConfig;
  try {
    config = loadConfig(given, io.environment);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code !== ExitCode.badConfig) throw error;
    return { checks: configFaults(error), code };
  }
  const checks = await examineServers(config, io);
  return { checks, code: isWell(checks) ? ExitCode.done : ExitCode.failed };
}

/** A failed check for each problem of the file. Without the file, the servers are not known. */
function configFaults(error: unknown): Check[] {
  const { failed } = checksOf("config");
  const remedy = "correct the file; editors can check it with infra/config.schema.json";
  const reasons =
    error instanceof ConfigError ? error.problems.map(({ message }) => message) : [messageOf(error)];
  return [
    ...reasons.map((reason) => failed("config file", reason, remedy)),
    ...(["host", "kafka", "elasticsearch", "etcd", "declarations"] as const).map((area) =>
      checksOf(area).skipped("all", "the config file cannot be used"),
    ),
  ];
}

async function examineServers(config: LoadedConfig, io: DoctorIo): Promise<readonly Check[]> {
  const { settings } = config;
  const hide = createRedaction(secretsOf(settings));
  const logger = createLogger({
    level: "error",
    pretty: io.error.isTTY === true,
    hide,
    destination: { write: (text) => void io.error.write(text) },
  });
  using progress = createLiveLine(io.error);
  progress.show("checking the servers …");
  const kafka = createKafkaDiagnosis(settings.kafka, logger);
  const wire = createKafkaWire(settings.kafka, logger);
  const holds = createOrderStore(wire, settings.kafka.group, "holds", systemTime);
  const elasticsearch = createElasticsearchDiagnosis(settings.elasticsearch);
  try {
    const fileMode = config.holdsSecrets ? statSync(config.file).mode & 0o777 : null;
    const checks = await diagnose(
      { ...config, fileMode },
      {
        kafka,
        readHolds: (signal) => holds.read(signal),
        elasticsearch,
        examinePort,
        readEtcd: (etcd, signal) => withStore(etcd, (store) => store.list(signal)),
        now: io.now,
        signal: io.signal,
        deadline: () => AbortSignal.timeout(QUESTION_MS),
      },
    );
    return withoutSecrets(checks, hide);
  } finally {
    const closing = Promise.allSettled([kafka.close(), wire.close(), elasticsearch.close()]);
    await Promise.allSettled([abortable(closing, AbortSignal.timeout(CLOSE_MS))]);
  }
}

/** Hides logins in URLs. */
function withoutUsers(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, "//(hidden)@");
}

/** Checks quote the servers' own messages, and some of those contain a login. */
function withoutSecrets(checks: readonly Check[], redact: (text: string) => string): readonly Check[] {
  const hide = (text: string): string => redact(withoutUsers(text));
  return checks.map(({ area, name, state, seen, remedy, command }) => ({
    area,
    state,
    name: hide(name),
    seen: hide(seen),
    remedy: remedy === null ? null : hide(remedy),
    ...(command !== undefined && { command: hide(command) }),
  }));
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, (words, io) => main(words, { ...io, out: process.stdout }));

if (import.meta.main) await run(process.argv.slice(2));
