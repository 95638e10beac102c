import { readingMs, tryTopic } from "../../../functions/try-topic.ts";
import { createTrial, type TrialDeps } from "../../../lib/adapters/elasticsearch/trial/trial.ts";
import type { RecordReader } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { specificationLookup } from "../../../lib/rules/declarations/desired.ts";
import type { FieldRefusal } from "../../../lib/rules/declarations/etcd-value.ts";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import { isTopicName, topicNameRule } from "../../../lib/rules/model/names.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import { readTriedDeclaration, type TriedDeclaration } from "../../../lib/rules/trial/tried-declaration.ts";
import type { TriedTopic } from "../../../lib/rules/trial/tried.ts";
import type { TryRequest } from "../../api/declarations.ts";
import { UnderWay } from "../http/kit/under-way.ts";

/** Tries declarations on the newest records of topics. */
export interface TrialService {
  /**
   * @param signal aborted if the client disconnects
   * @throws PenstockError `kafka_…`, `deadline_exceeded`, or `stopping` if the host stops first
   */
  tryOut(topic: string, request: TryRequest, signal: AbortSignal): Promise<TrialAnswer>;
  /** Ends the trials in progress; resolves once they have removed what they created. */
  stop(): Promise<void>;
}

export type TrialAnswer =
  | { readonly kind: "tried"; readonly tried: TriedTopic }
  /** Hosts would refuse the declaration. */
  | { readonly kind: "refused"; readonly faults: readonly FieldRefusal[] }
  /** The topic does not exist in Kafka. */
  | { readonly kind: "missing"; readonly reason: string };

export interface TrialServiceDeps {
  /** For clients that may be replaced. */
  readonly client: TrialDeps["client"];
  /** The current settings. */
  settings(): Settings;
  declarations(): readonly Declaration[];
  /** With the current settings, and the logins that all clients of the host share. */
  readonly openReader: () => RecordReader;
  readonly now: () => number;
}

/** Shorter than the 120 s after which the server drops a request. */
const TRIAL_MS = 60_000;

export function createTrialService(deps: TrialServiceDeps): TrialService {
  const { client, now } = deps;
  const trials = new UnderWay();

  async function run(
    topic: string,
    { declaration, last }: TryRequest,
    signal: AbortSignal,
  ): Promise<TrialAnswer> {
    const { elasticsearch, deadLetters } = deps.settings();
    const read = isTopicName(topic) ? specificationOf(topic, declaration, deadLetters.topic) : badName(topic);
    if (read.kind === "refused") return read;
    try {
      const tried = await tryTopic(
        { spec: read.spec, last, limits: elasticsearch.bulk },
        {
          reader: deps.openReader(),
          openTrial: (spec) =>
            createTrial(spec, {
              client,
              now,
              managed: elasticsearch.manageTemplates,
              suffix: () => crypto.randomUUID().slice(0, 8),
            }),
          now,
          signal,
          deadline: AbortSignal.timeout(readingMs),
        },
      );
      return { kind: "tried", tried };
    } catch (error) {
      if (error instanceof PenstockError && error.code === "topic_missing")
        return { kind: "missing", reason: error.message };
      throw error;
    }
  }

  /** Without a declaration in the request, as the topic is declared or, if it is not, as a bare name. */
  function specificationOf(
    topic: string,
    declaration: TryRequest["declaration"],
    deadLetterTopic: string,
  ): TriedDeclaration {
    const declared =
      declaration === null ? specificationLookup(deps.declarations(), deadLetterTopic)(topic) : null;
    if (declared !== null) return { kind: "specification", spec: declared };
    return readTriedDeclaration(declaration ?? { topic }, topic, deadLetterTopic, now());
  }

  return {
    tryOut: (topic, request, signal) =>
      trials.within(TRIAL_MS, signal, `the trial took longer than ${TRIAL_MS / 1_000} s`, (until) =>
        run(topic, request, until),
      ),
    stop: () => trials.stop(),
  };
}

function badName(topic: string): TriedDeclaration {
  return { kind: "refused", faults: [{ field: "topic", reason: `topic "${topic}" ${topicNameRule}` }] };
}
