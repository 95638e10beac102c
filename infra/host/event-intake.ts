import type { IngestBatchDeps } from "../../functions/ingest-batch.ts";
import { ingestEvent, type IngestEventDeps } from "../../functions/ingest-event.ts";
import type { Declaration } from "../../lib/rules/declaration.ts";
import type { Settings } from "../../lib/rules/settings.ts";
import { specificationLookup } from "../../lib/rules/desired.ts";
import type { IngestRouteDeps } from "./http/ingest-route.ts";

/** Takes events that somebody else read from Kafka. */
export interface EventIntake extends IngestRouteDeps {
  /** Ends the attempts under way, which answer with what is known by then; takes no other. */
  stop(): Promise<void>;
}

export interface EventIntakeDeps extends Pick<IngestEventDeps, "ensureTemplate"> {
  readonly bulk: IngestBatchDeps["bulk"];
  deadLetters(): IngestBatchDeps["deadLetters"];
  /** Now in force. */
  settings(): Settings;
  /** Null: not all sources were read yet, so that nobody knows what is declared. */
  declarations(): readonly Declaration[] | null;
  readonly now: () => number;
}

/** What is not settled by then has failed. Below the 120 s after which the server cuts a request without an answer. */
const ATTEMPT_MS = 60_000;

export function createEventIntake(deps: EventIntakeDeps): EventIntake {
  const life = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  return {
    ingestRefusal() {
      if (life.signal.aborted) return "The host is stopping.";
      return deps.declarations() === null ? "etcd was not read yet: what it declares is not known." : null;
    },
    async ingest(batches, signal) {
      const { elasticsearch, deadLetters } = deps.settings();
      const attempt = ingestEvent(
        { batches, limits: elasticsearch.bulk },
        {
          bulk: deps.bulk,
          deadLetters: deps.deadLetters(),
          ensureTemplate: deps.ensureTemplate,
          specificationOf: specificationLookup(deps.declarations() ?? [], deadLetters.topic),
          now: deps.now,
          signal: AbortSignal.any([life.signal, signal, AbortSignal.timeout(ATTEMPT_MS)]),
        },
      );
      underWay.add(attempt);
      try {
        return await attempt;
      } finally {
        underWay.delete(attempt);
      }
    },
    async stop() {
      life.abort(new Error("the host stops"));
      await Promise.allSettled(underWay);
    },
  };
}
