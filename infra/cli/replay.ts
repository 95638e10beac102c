import { setTimeout as delay } from "node:timers/promises";
import { digestDeadLetters, type DigestResult } from "../../functions/digest-dead-letters.ts";
import type { ReadDeadLettersDeps } from "../../functions/replay-dead-letters/read-dead-letters.ts";
import { readFailureStores } from "../../functions/digest-dead-letters/read-failure-stores.ts";
import { readIgnoredFields } from "../../functions/digest-dead-letters/read-ignored-fields.ts";
import { replayDeadLetters } from "../../functions/replay-dead-letters.ts";
import { createElasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createWrittenIds } from "../../lib/adapters/elasticsearch/sent/written-ids.ts";
import { findHolders } from "../../lib/adapters/elasticsearch/mending/holders.ts";
import { createFailureStores } from "../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";
import { ignoredFieldsDeps } from "../../lib/adapters/elasticsearch/ignored-fields.ts";
import { createRecordReader } from "../../lib/adapters/kafka/queries/record-reader.ts";
import type { Declaration, Specification } from "../../lib/rules/model/declaration.ts";
import { mergeDeclarations, specificationLookup } from "../../lib/rules/declarations/desired.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { ReplayRequest } from "../../lib/rules/dead-letters/replay-request.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";
import { dayMs } from "../../lib/rules/search/hits/gave-way.ts";
import { widestTarget } from "../../lib/rules/search/query/target.ts";
import { visibleLines } from "../../lib/rules/base/visible-text.ts";
import { wantsJson } from "./kit/arguments.ts";
import { readDeclarations } from "./topics/declared-topics.ts";
import { runCommand, type CommandIo } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig, type LoadedConfig } from "./kit/load-config.ts";
import { createProgressLine } from "./kit/progress-line.ts";
import { parseReplayArguments, REPLAY_HELP } from "./replay/arguments.ts";
import { formatDigest, formatReplay } from "./replay/report.ts";
import { createSentBeforeOf } from "../../lib/adapters/elasticsearch/sent/sent-before-of.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";

/** `bun run replay`: returns the exit code; never throws. */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  const progress = createProgressLine(io.error, "replay");
  const complain = (text: string): void => {
    progress.end();
    io.error.write(visibleLines(text));
  };
  try {
    const command = parseReplayArguments(argv, io.now());
    if (command.kind === "help") {
      io.out(REPLAY_HELP);
      return ExitCode.done;
    }
    const config = loadConfig(command.config, io.environment);
    const deps = {
      reader: createRecordReader(config.settings.kafka, quietLogger(complain)),
      onProgress: ({ read, total }: { read: number; total: number }) => progress.show(read, total),
      signal: io.signal,
      deadline: null,
    };
    const { json, request } = command;
    const { topic } = config.settings.deadLetters;
    if (command.kind === "digest") {
      const digest = await digestOf(request, config, deps, io, complain);
      progress.end();
      io.out(json ? `${JSON.stringify(digest, null, 2)}\n` : formatDigest(digest, topic));
      return ExitCode.done;
    }
    const result = await replay(request, config, deps, io, complain);
    progress.end();
    io.out(json ? `${JSON.stringify(result, null, 2)}\n` : formatReplay(result, topic));
    const leftAlone = result.dryRun ? 0 : result.elsewhere;
    return result.stillRejected + result.unrecoverable + leftAlone > 0 ? ExitCode.failed : ExitCode.done;
  } catch (error) {
    return reportFailure(error, { help: REPLAY_HELP, json: wantsJson(argv), write: complain });
  }
}

async function digestOf(
  { filter }: ReplayRequest,
  config: LoadedConfig,
  deps: ReadDeadLettersDeps,
  io: CommandIo,
  complain: (text: string) => void,
): Promise<DigestResult> {
  const { settings } = config;
  const declarations = await currentDeclarations(config, io, complain);
  const current = specificationsOf(declarations, settings, filter.topic);
  const indices = widestTarget(current, settings.elasticsearch.manageTemplates);
  const { topic } = filter;
  const toMs = io.now();
  const elasticsearch = createElasticsearch(settings.elasticsearch);
  try {
    return await digestDeadLetters(
      { topic: settings.deadLetters.topic, filter, newest: null },
      {
        ...deps,
        findHolders: (...about) => findHolders(elasticsearch, ...about),
        ignoredFields: () =>
          readIgnoredFields(
            { indices, topics: topic === null ? null : [topic], fromMs: toMs - dayMs, toMs },
            ignoredFieldsDeps(elasticsearch, io.signal),
          ),
        failureStores: () =>
          readFailureStores(
            { specs: [...current.values()], topic },
            createFailureStores(elasticsearch),
            io.signal,
          ),
      },
    );
  } finally {
    await elasticsearch.close();
  }
}

/** Reads the current declarations. A host may still use the last good version of a refused one, hence the note. */
async function currentDeclarations(
  config: LoadedConfig,
  io: CommandIo,
  complain: (text: string) => void,
): Promise<readonly Declaration[]> {
  const { declarations, refusals } = await readDeclarations(config, io.signal);
  for (const { reason } of refusals) complain(`Note: a declaration is refused: ${reason}\n`);
  return declarations;
}

/** Of the topics that are declared by name, and of the given one. */
function specificationsOf(
  declarations: readonly Declaration[],
  { deadLetters }: Settings,
  topic: string | null,
): ReadonlyMap<string, Specification> {
  const given = topic === null ? [] : [topic];
  const { desired } = mergeDeclarations(declarations, given, deadLetters.topic);
  return new Map([...desired].map(([name, { spec }]) => [name, spec]));
}

async function replay(
  request: ReplayRequest,
  config: LoadedConfig,
  deps: ReadDeadLettersDeps,
  io: CommandIo,
  complain: (text: string) => void,
) {
  const { settings } = config;
  const declarations = await currentDeclarations(config, io, complain);
  const elasticsearch = createElasticsearch(settings.elasticsearch);
  try {
    return await replayDeadLetters(
      { ...request, deadLetterTopic: settings.deadLetters.topic, limits: settings.elasticsearch.bulk },
      {
        ...deps,
        bulk: (body, how) => elasticsearch.bulk(body, how),
        ...createWrittenIds(elasticsearch),
        sentBefore: createSentBeforeOf(elasticsearch, { time: systemTime, logger: quietLogger(complain) }),
        ensureTemplate: (patterns, signal) => elasticsearch.ensureTemplate(patterns, signal),
        failureStores: createFailureStores(elasticsearch),
        specifications: () => [...specificationsOf(declarations, settings, request.filter.topic).values()],
        now: io.now,
        random: io.random,
        specificationOf: specificationLookup(declarations, settings.deadLetters.topic),
        wait: (ms, signal) => delay(ms, undefined, { signal }),
      },
    );
  } finally {
    await elasticsearch.close();
  }
}

/** Reports only warnings and errors: the rest is in the result. */
function quietLogger(complain: (text: string) => void): Logger {
  const say = (message: string): void => complain(`${message}\n`);
  return { debug: () => {}, info: () => {}, warn: say, error: say };
}

/**
 * Runs it in this process, and ends the process. A signal lets the work end in order, so that the reader deletes its temporary
 * group.
 */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, main, (signal) => `stopped by ${signal}; records replayed so far are in the index`);

if (import.meta.main) await run(process.argv.slice(2));
