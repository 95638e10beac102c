import type { SourceHealth } from "../../../functions/health.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { startRounds } from "./rounds.ts";

/** Asks the servers now and then, so that readiness is about now and pending topics start when they can. */
export interface Monitor {
  readonly kafka: SourceHealth;
  readonly elasticsearch: SourceHealth;
  stop(): Promise<void>;
}

export interface MonitorDeps {
  listTopics(signal: AbortSignal): Promise<ReadonlySet<string>>;
  probeElasticsearch(signal: AbortSignal): Promise<void>;
  /** The topics in Kafka, each time they were asked for. */
  onTopics(topics: ReadonlySet<string>): void;
  /** Kafka did not answer, or said no; called each time. */
  onKafkaTrouble(error: unknown): void;
  /** Something is other than a moment ago, so that another run of reconcile may get further. */
  onChange(reason: string): void;
  readonly now: () => number;
}

const INTERVAL_MS = 2_000;
/** Above, it is asked for less often: the list of ten thousand topics each ten seconds. It was the dearest of what an idle host did. */
const TOPICS_PER_ROUND = 2_000;
const PROBE_DEADLINE_MS = 5_000;

export function createMonitor(deps: MonitorDeps): Monitor {
  const life = new AbortController();
  const unknown: SourceHealth = { ok: false, reason: "not asked yet", since: null };
  let kafka = unknown;
  let elasticsearch = unknown;
  let known: ReadonlySet<string> | null = null;
  /** For how many rounds the last answer is good enough. */
  let resting = 0;

  const next = (before: SourceHealth, reason: string | null): SourceHealth => {
    const ok = reason === null;
    const since =
      before.ok === ok && before.since !== null ? before.since : new Date(deps.now()).toISOString();
    return { ok, reason, since };
  };

  const deadline = (): AbortSignal => AbortSignal.any([life.signal, AbortSignal.timeout(PROBE_DEADLINE_MS)]);
  const ask = (question: (signal: AbortSignal) => Promise<void>): Promise<string | null> =>
    question(deadline()).then(() => null, messageOf);

  const round = async (): Promise<void> => {
    const lookAtTopics = async (signal: AbortSignal): Promise<void> => {
      const found = await deps
        .listTopics(signal)
        // One broker that falls silent is not Kafka: the next question goes to another.
        .catch((error: unknown) => {
          if (life.signal.aborted || !mayPass(error)) throw error;
          return deps.listTopics(deadline());
        })
        .catch((error: unknown) => {
          if (!life.signal.aborted) deps.onKafkaTrouble(error);
          throw error;
        });
      deps.onTopics(found);
      if (known !== null && !isSame(known, found)) deps.onChange("the topics in Kafka changed");
      known = found;
      resting = Math.floor(found.size / TOPICS_PER_ROUND);
    };
    resting -= 1;
    const askKafka = kafka.ok && resting >= 0 ? null : ask(lookAtTopics);
    const askElasticsearch = ask((signal) => deps.probeElasticsearch(signal));
    const before = { kafka, elasticsearch };
    if (askKafka !== null) kafka = next(kafka, await askKafka);
    elasticsearch = next(elasticsearch, await askElasticsearch);
    if (cameBack(before.kafka, kafka)) deps.onChange("Kafka answers again");
    if (cameBack(before.elasticsearch, elasticsearch)) deps.onChange("Elasticsearch answers again");
  };

  const stop = startRounds(life, { everyMs: INTERVAL_MS, atOnce: true }, round);

  return {
    get kafka() {
      return kafka;
    },
    get elasticsearch() {
      return elasticsearch;
    },
    stop,
  };
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one === other || (one.size === other.size && one.isSubsetOf(other));
}

function mayPass(error: unknown): boolean {
  return !(error instanceof PenstockError) || error.retryable;
}

/** The very first answer is none: the host starts with a run of its own. */
function cameBack(before: SourceHealth, now: SourceHealth): boolean {
  return now.ok && !before.ok && before.since !== null;
}
