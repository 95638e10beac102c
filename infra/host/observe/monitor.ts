import type { SourceHealth } from "../../../functions/health.ts";
import type { GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { startRounds } from "./rounds.ts";

/** Probes the servers regularly, so that readiness is current and pending topics start as soon as they can. */
export interface Monitor {
  readonly kafka: SourceHealth;
  readonly elasticsearch: SourceHealth;
  stop(): Promise<void>;
}

export interface MonitorDeps {
  listTopics(signal: AbortSignal): Promise<ReadonlySet<string>>;
  probeElasticsearch(signal: AbortSignal): Promise<void>;
  /** Called with the topics in Kafka after every successful probe. */
  onTopics(topics: ReadonlySet<string>): void;
  /** Called after every probe that Kafka refused or did not answer. */
  onKafkaTrouble(error: unknown): void;
  /** Something changed, so another reconcile run may succeed where the last one did not. */
  onChange(reason: string): void;
  readonly now: () => number;
}

const INTERVAL_MS = 2_000;
/** Above this, probes are skipped: 10,000 topics are listed every 12 s. Listing was the largest cost of an idle host. */
const TOPICS_PER_ROUND = 2_000;
const PROBE_DEADLINE_MS = 5_000;

export function createMonitor(deps: MonitorDeps): Monitor {
  const life = new AbortController();
  const unknown: SourceHealth = { ok: false, reason: "not asked yet", since: null };
  let kafka = unknown;
  let elasticsearch = unknown;
  let known: ReadonlySet<string> | null = null;
  /** Rounds left to skip. */
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
        // A single silent broker does not mean that Kafka is down: the next request goes to another broker.
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

/** The first answer does not count: the host starts with a run anyway. */
function cameBack(before: SourceHealth, now: SourceHealth): boolean {
  return now.ok && !before.ok && before.since !== null;
}

/** A group that cannot be joined makes Kafka unhealthy, although it answers. */
export function withGroup(kafka: SourceHealth, trouble: GroupTrouble | null): SourceHealth {
  if (!kafka.ok || trouble === null) return kafka;
  return { ok: false, reason: trouble.message, since: new Date(trouble.sinceMs).toISOString() };
}
