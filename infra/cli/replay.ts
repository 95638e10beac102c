import { setTimeout as delay } from "node:timers/promises";
import { digestDeadLetters, type DigestResult } from "../../functions/digest-dead-letters.ts";
import type { ReadDeadLettersDeps } from "../../functions/replay-dead-letters/read-dead-letters.ts";
import { readFailureStores } from "../../functions/digest-dead-letters/read-failure-stores.ts";
import { readIgnoredFields } from "../../functions/digest-dead-letters/read-ignored-fields.ts";
import { replayDeadLetters, type ReplayResult } from "../../functions/replay-dead-letters.ts";
import { readingMs } from "../../functions/try-topic.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createWrittenIds } from "../../lib/adapters/elasticsearch/sent/written-ids.ts";
import { findHolders } from "../../lib/adapters/elasticsearch/mending/holders.ts";
import { mendingDeps } from "../../lib/adapters/elasticsearch/mending/mending-deps.ts";
import { createFailureStores } from "../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";
import { ignoredFieldsDeps } from "../../lib/adapters/elasticsearch/ignored-fields.ts";
import { createRecordReader } from "../../lib/adapters/kafka/queries/record-reader.ts";
import type { Declaration, Specification } from "../../lib/rules/model/declaration.ts";
import { mergeDeclarations, specificationLookup } from "../../lib/rules/declarations/desired.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import { lettersReadMs, newestLetters } from "../../lib/rules/dead-letters/reading-limits.ts";
import type { ReplayRequest } from "../../lib/rules/dead-letters/replay-request.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";
import { dayMs } from "../../lib/rules/search/hits/gave-way.ts";
import { widestTarget } from "../../lib/rules/search/query/target.ts";
import { visibleLines } from "../../lib/rules/base/visible-text.ts";
import { wantsJson } from "./kit/arguments.ts";
import { readKafkaTopics, readListingFor } from "./topics/declared-topics.ts";
import { runCommand, type CommandIo } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig, type LoadedConfig } from "./kit/load-config.ts";
import { createProgressLine, type ProgressLine } from "./kit/progress-line.ts";
import { parseReplayArguments, REPLAY_HELP, type ReplayCommand } from "./replay/arguments.ts";
import { formatMending } from "./replay/mending-text.ts";
import { type MendedGroups, mendGroups } from "./replay/mending.ts";
import { formatDigest, formatReplay } from "./replay/report.ts";
import { createSentBeforeOf } from "../../lib/adapters/elasticsearch/sent/sent-before-of.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";

/** What each way of looking at the letters needs. */
interface World {
  readonly settings: Settings;
  readonly declarations: readonly Declaration[];
  readonly elasticsearch: Elasticsearch;
  readonly reading: ReadDeadLettersDeps;
  readonly logger: Logger;
  readonly progress: ProgressLine;
  readonly io: CommandIo;
}

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
    const { settings } = config;
    const logger = quietLogger(complain);
    const declarations = await currentDeclarations(command, config, io, complain);
    const reading = {
      reader: createRecordReader(settings.kafka, logger),
      onProgress: ({ read, total }: { read: number; total: number }) => progress.show(read, total),
      signal: io.signal,
      deadline: null,
    };
    const elasticsearch = createElasticsearch(settings.elasticsearch);
    try {
      return await carryOut(command, {
        settings,
        declarations,
        elasticsearch,
        reading,
        logger,
        progress,
        io,
      });
    } finally {
      await elasticsearch.close();
    }
  } catch (error) {
    return reportFailure(error, { help: REPLAY_HELP, json: wantsJson(argv), write: complain });
  }
}

type Call = Exclude<ReplayCommand, { readonly kind: "help" }>;

/** @returns the exit code */
async function carryOut({ kind, request, json, config }: Call, world: World): Promise<number> {
  const { topic } = world.settings.deadLetters;
  const print = (result: unknown, text: () => string): void => {
    world.progress.end();
    world.io.out(json ? `${JSON.stringify(result, null, 2)}\n` : text());
  };
  if (kind === "replay") {
    const result = await replay(request, world);
    print(result, () => formatReplay(result, topic));
    const leftAlone = result.dryRun ? 0 : result.elsewhere;
    return result.stillRejected + result.unrecoverable + leftAlone > 0 ? ExitCode.failed : ExitCode.done;
  }
  const digest = await digestOf(request, world);
  if (kind === "digest") {
    print(digest, () => formatDigest(digest, topic));
    return ExitCode.done;
  }
  const mending = await mendingOf(digest, request, kind === "try", world);
  print(mending, () => formatMending(mending, config));
  return mending.groups.some(({ problem }) => problem !== null) ? ExitCode.failed : ExitCode.done;
}

async function digestOf({ filter }: ReplayRequest, world: World): Promise<DigestResult> {
  const { settings, elasticsearch, reading, io } = world;
  const { topic } = filter;
  const current = await inForce(topic, world);
  const indices = widestTarget(current, settings.elasticsearch.manageTemplates);
  const toMs = io.now();
  return digestDeadLetters(
    { topic: settings.deadLetters.topic, filter, newest: null },
    {
      ...reading,
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
}

async function mendingOf(
  digest: DigestResult,
  { index }: ReplayRequest,
  isTried: boolean,
  world: World,
): Promise<MendedGroups> {
  const { settings, declarations, elasticsearch, reading, progress, io } = world;
  const { deadLetters, elasticsearch: own } = settings;
  const current = [...(await inForce(null, world)).values()];
  const managed = own.manageTemplates;
  const { now, signal } = io;
  // Whoever waits may end the trials, so nothing else does. The topic is read again for each group, so that is bounded.
  const never = new AbortController().signal;
  return mendGroups(
    digest,
    {
      deadLetterTopic: deadLetters.topic,
      into: index,
      newest: newestLetters,
      managed,
      limits: own.bulk,
      isTried,
    },
    {
      ...mendingDeps({
        client: elasticsearch,
        now,
        managed,
        suffix: () => crypto.randomUUID().slice(0, 8),
      }),
      now,
      signal,
      reader: reading.reader,
      findHolders: (...about) => findHolders(elasticsearch, ...about),
      readLetters: (read) => read(AbortSignal.timeout(lettersReadMs)),
      trialDeadline: never,
      topicDeadline: () => AbortSignal.timeout(readingMs),
      specificationOf: specificationLookup(declarations, deadLetters.topic),
      specifications: () => current,
    },
    (tried, total) => progress.show(tried, total),
  );
}

/**
 * Reads the current declarations. A host may still use the last good version of a refused one, hence the note. What writes
 * documents, or looks for other topics of an index, needs those of etcd.
 */
async function currentDeclarations(
  { kind, request: { filter, dryRun } }: Call,
  config: LoadedConfig,
  { signal }: CommandIo,
  error: (text: string) => void,
): Promise<readonly Declaration[]> {
  const onlyLooks = kind === "digest" || (kind === "replay" && dryRun);
  const topics = onlyLooks && filter.topic !== null ? [filter.topic] : [];
  const { declarations, refusals } = await readListingFor(topics, config, { signal, error });
  for (const { reason } of refusals) error(`Note: a declaration is refused: ${reason}\n`);
  return declarations;
}

/**
 * What this topic and those that are declared by name run with.
 * @param topic null: all, with those in Kafka that patterns cover
 */
async function inForce(
  topic: string | null,
  { settings, declarations, logger, io }: World,
): Promise<ReadonlyMap<string, Specification>> {
  const topics = topic === null ? await readKafkaTopics({ settings }, logger, io.signal) : [topic];
  const { desired } = mergeDeclarations(declarations, topics, settings.deadLetters.topic);
  return new Map([...desired].map(([name, { spec }]) => [name, spec]));
}

async function replay(request: ReplayRequest, world: World): Promise<ReplayResult> {
  const { settings, declarations, elasticsearch, reading, logger, io } = world;
  const declared = await inForce(request.filter.topic, world);
  return replayDeadLetters(
    { ...request, deadLetterTopic: settings.deadLetters.topic, limits: settings.elasticsearch.bulk },
    {
      ...reading,
      bulk: (body, how) => elasticsearch.bulk(body, how),
      ...createWrittenIds(elasticsearch),
      sentBefore: createSentBeforeOf(elasticsearch, { time: systemTime, logger }),
      ensureTemplate: (patterns, signal) => elasticsearch.ensureTemplate(patterns, signal),
      failureStores: createFailureStores(elasticsearch),
      specifications: () => [...declared.values()],
      now: io.now,
      random: io.random,
      specificationOf: specificationLookup(declarations, settings.deadLetters.topic),
      wait: (ms, signal) => delay(ms, undefined, { signal }),
    },
  );
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
