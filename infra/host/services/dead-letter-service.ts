import { setTimeout as delay } from "node:timers/promises";
import { digestDeadLetters, type DigestResult } from "../../../functions/digest-dead-letters.ts";
import type { FindHolders } from "../../../functions/digest-dead-letters/letter-standings.ts";
import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import { readFailureStores } from "../../../functions/digest-dead-letters/read-failure-stores.ts";
import type { IgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { replayDeadLetters, type ReplayDeps } from "../../../functions/replay-dead-letters.ts";
import { lettersLeft } from "../../../functions/letters-left.ts";
import { refreshIndex } from "../../../lib/adapters/elasticsearch/mending/refusing-index.ts";
import type { TrialDeps } from "../../../lib/adapters/elasticsearch/trial/trial.ts";
import { indexPatternOf, resolveIndex } from "../../../lib/rules/model/names.ts";
import type { RecordReader } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import type { FailureStores } from "../../../lib/rules/dead-letters/failure-stores.ts";
import { lettersReadMs, newestLetters } from "../../../lib/rules/dead-letters/reading-limits.ts";
import type { Declaration, Specification } from "../../../lib/rules/model/declaration.ts";
import { specificationLookup } from "../../../lib/rules/declarations/desired.ts";
import { hostStopping } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import { createLetterService, type LetterService, type LetterServiceDeps } from "./letter-service.ts";
import { createMendingService, type MendingService } from "./mending-service.ts";
import { createReplayJobs, type ReplayJobs } from "./replay-jobs.ts";

/** Answers requests about dead letters. */
export interface DeadLetterService {
  readonly replays: ReplayJobs;
  /** Digests the letters of one topic, or of all. Digests run one at a time; equal requests share the answer. */
  digest(topic: string | null): Promise<DigestResult>;
  /** Its lists and the digests run one at a time together. */
  readonly letters: LetterService;
  readonly mendings: MendingService;
  stop(): Promise<void>;
}

export interface DeadLetterServiceDeps extends Pick<
  ReplayDeps,
  "existingIds" | "removeExtraCopies" | "ensureTemplate" | "sentBefore"
> {
  readonly bulk: IngestBatchDeps["bulk"];
  /** For trials of changes. */
  readonly trialClient: TrialDeps["client"];
  /** The current settings. */
  settings(): Settings;
  declarations(): readonly Declaration[];
  /** Fields that gave way in the last day. @param topics null for all */
  ignoredFields(topics: readonly string[] | null, signal: AbortSignal): Promise<IgnoredFields>;
  readonly failureStores: FailureStores;
  readonly findHolders: FindHolders;
  /** The topics in force. */
  specifications(): readonly Specification[];
  readonly logger: Logger;
  /** With the current settings, and the logins that all clients of the host share. */
  readonly openReader: () => RecordReader;
  readonly now: () => number;
  readonly random: () => number;
}

/** The look at what is left after a replay, which may have to read many letters again. */
const leftMs = 60_000;

export function createDeadLetterService(deps: DeadLetterServiceDeps): DeadLetterService {
  const {
    logger,
    now,
    random,
    bulk,
    existingIds,
    removeExtraCopies,
    ensureTemplate,
    sentBefore,
    openReader,
  } = deps;
  const life = new AbortController();
  const digests = new Map<string | null, Promise<DigestResult>>();
  let lastReading: Promise<unknown> = Promise.resolve();

  /** One at a time, since the fetches of one reading may hold 100 MB. */
  const inTurn = <T>(read: () => Promise<T>): Promise<T> => {
    const asked = lastReading.then(() => {
      life.signal.throwIfAborted();
      return read();
    });
    lastReading = asked.catch(() => {});
    return asked;
  };

  const reading: LetterServiceDeps = {
    settings: () => deps.settings(),
    findHolders: deps.findHolders,
    openReader,
    signal: life.signal,
    inTurn,
  };

  const digest = async (topic: string | null): Promise<DigestResult> => {
    const { deadLetters } = deps.settings();
    return digestDeadLetters(
      {
        topic: deadLetters.topic,
        filter: { topic, error: null, sinceMs: null },
        newest: newestLetters,
      },
      {
        reader: openReader(),
        findHolders: deps.findHolders,
        onProgress: () => {},
        signal: life.signal,
        deadline: AbortSignal.timeout(lettersReadMs),
        ignoredFields: () => deps.ignoredFields(topic === null ? null : [topic], life.signal),
        failureStores: () =>
          readFailureStores({ specs: deps.specifications(), topic }, deps.failureStores, life.signal),
      },
    );
  };

  const replays = createReplayJobs({
    now,
    logger,
    newId: () => crypto.randomUUID(),
    async left({ filter, index }, signal) {
      const { deadLetters } = deps.settings();
      const target = index ?? filter.of?.index ?? null;
      if (target !== null && filter.topic !== null)
        await refreshIndex(deps.trialClient, indexPatternOf(resolveIndex(target, filter.topic)), signal);
      return lettersLeft(
        { deadLetterTopic: deadLetters.topic, filter, newest: newestLetters },
        {
          reader: openReader(),
          findHolders: deps.findHolders,
          signal,
          deadline: AbortSignal.timeout(leftMs),
          ...(target !== null && { sentTo: target }),
        },
      );
    },
    replay(request, onProgress, signal) {
      const { deadLetters, elasticsearch } = deps.settings();
      return replayDeadLetters(
        { ...request, deadLetterTopic: deadLetters.topic, limits: elasticsearch.bulk },
        {
          bulk,
          existingIds,
          sentBefore,
          removeExtraCopies,
          ensureTemplate,
          failureStores: deps.failureStores,
          specifications: () => deps.specifications(),
          now,
          random,
          onProgress,
          signal,
          reader: openReader(),
          specificationOf: specificationLookup(deps.declarations(), deadLetters.topic),
          wait: (ms, until) => delay(ms, undefined, { signal: until }),
        },
      );
    },
  });

  const mendings = createMendingService({
    ...reading,
    client: deps.trialClient,
    declarations: () => deps.declarations(),
    specifications: () => deps.specifications(),
    replays,
    now,
  });

  return {
    replays,
    letters: createLetterService(reading),
    mendings,
    digest(topic) {
      const shared = digests.get(topic);
      if (shared !== undefined) return shared;
      const asked = inTurn(() => digest(topic)).finally(() => digests.delete(topic));
      digests.set(topic, asked);
      return asked;
    },
    async stop() {
      life.abort(hostStopping());
      await Promise.all([replays.stop(), lastReading, mendings.stop()]);
    },
  };
}
