import type { Specification } from "../../lib/rules/model/declaration.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { visibleLines } from "../../lib/rules/base/visible-text.ts";
import { runAgainst } from "./audit/against.ts";
import { formatAgainst } from "./audit/against-text.ts";
import {
  AUDIT_HELP,
  parseAuditArguments,
  type AgainstCommand,
  type AuditCommand,
} from "./audit/arguments.ts";
import { warningsOf } from "./host/config-command.ts";
import { wantsJson } from "./kit/arguments.ts";
import { runAudit } from "./audit/run.ts";
import { endsAsJson, formatEnd, formatSummary, isClean, type AuditEnd } from "./audit/text.ts";
import { readDeclaredTopics, type DeclaredTopics } from "./topics/declared-topics.ts";
import { runCommand, type CommandIo } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig } from "./kit/load-config.ts";
import { createProgressLine, type ProgressLine, type ProgressOutput } from "./kit/progress-line.ts";

/** `bun run audit`: runs one audit and returns the exit code; never throws. */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    const command = parseAuditArguments(argv);
    if (command.kind === "help") {
      io.out(AUDIT_HELP);
      return ExitCode.done;
    }
    return command.kind === "against" ? await against(command, io) : await audit(command, io);
  } catch (error) {
    return reportFailure(error, {
      help: AUDIT_HELP,
      json: wantsJson(argv),
      write: (text) => io.error.write(visibleLines(text)),
    });
  }
}

/** The config, and what a run tells on standard error. */
function prepare(file: string | null, io: CommandIo) {
  const config = loadConfig(file, io.environment);
  const progress = createLabelledProgress(io.error);
  const tell = (text: string): void => {
    progress.end();
    io.error.write(visibleLines(text));
  };
  const logger = warningsOf(config, { error: { isTTY: io.error.isTTY === true, write: tell } });
  return { config, progress, tell, logger };
}

async function against({ topic, json, ...command }: AgainstCommand, io: CommandIo): Promise<number> {
  const { config, progress, logger } = prepare(command.config, io);
  const { settings } = config;
  const startedAt = io.now();
  const onProgress = (done: number, total: number): void => progress.show(topic, done, total);
  try {
    const result = await runAgainst({ ...command, topic, settings, logger, signal: io.signal, onProgress });
    progress.end();
    io.out(json ? `${JSON.stringify(result, null, 2)}\n` : formatAgainst(result, io.now() - startedAt));
    return result.clean ? ExitCode.done : ExitCode.failed;
  } finally {
    progress.end();
  }
}

async function audit(command: AuditCommand, io: CommandIo): Promise<number> {
  const { config, progress, tell, logger } = prepare(command.config, io);
  // A repair writes documents.
  const topics = command.repair ? [] : command.topics;
  const declared = await readDeclaredTopics(topics, config, logger, { signal: io.signal, error: tell });
  for (const { reason } of declared.refused)
    tell(`Not audited, because the declaration is refused: ${reason}\n`);
  const { specs, absent } = choose(command.topics, declared, config.file);

  const ends: AuditEnd[] = [];
  const onEnd = (end: AuditEnd): void => {
    ends.push(end);
    progress.end();
    if (!command.json) io.out(formatEnd(end));
  };
  for (const topic of absent) onEnd({ kind: "absent", topic, reason: "it does not exist in Kafka" });
  try {
    await runAudit({
      settings: config.settings,
      specs,
      repair: command.repair,
      removeDoubles: command.removeDoubles,
      logger,
      now: io.now,
      random: io.random,
      signal: io.signal,
      onEnd,
      onProgress: (topic, { pass, offsets, total }) =>
        progress.show(pass === "audit" ? topic : `${topic}, after the repair`, offsets, total),
    });
  } finally {
    progress.end();
  }
  io.out(command.json ? endsAsJson(ends) : formatSummary(ends));
  return isClean(ends) ? ExitCode.done : ExitCode.failed;
}

/** A progress line whose label may change. */
function createLabelledProgress(output: ProgressOutput) {
  let current: { readonly label: string; readonly line: ProgressLine } | null = null;
  return {
    show(label: string, done: number, total: number): void {
      if (current?.label !== label) current = { label, line: createProgressLine(output, label) };
      current.line.show(done, total);
    },
    end: (): void => current?.line.end(),
  };
}

/** @throws PenstockError `topic_missing` if a requested topic is not declared or does not exist */
function choose(
  wanted: readonly string[],
  { specs, inKafka }: DeclaredTopics,
  file: string,
): { readonly specs: readonly Specification[]; readonly absent: readonly string[] } {
  for (const topic of wanted) {
    if (!specs.has(topic)) {
      throw new PenstockError("topic_missing", `topic "${topic}" is declared neither in ${file} nor in etcd`);
    }
    if (!inKafka.has(topic)) {
      throw new PenstockError("topic_missing", `topic "${topic}" does not exist in Kafka`);
    }
  }
  const chosen = wanted.length === 0 ? [...specs.keys()] : wanted;
  return {
    specs: chosen.flatMap((topic) => (inKafka.has(topic) ? (specs.get(topic) ?? []) : [])),
    absent: chosen.filter((topic) => !inKafka.has(topic)),
  };
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, main, (signal) => `stopped by ${signal} before the end`);

if (import.meta.main) await run(process.argv.slice(2));
