import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import {
  ingestEvent,
  type IngestEventDeps,
  type IngestEventResult,
} from "../../../functions/ingest-event.ts";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import type { PartitionBatch } from "../../../lib/rules/lambda-event.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import { specificationLookup } from "../../../lib/rules/declarations/desired.ts";

/** Takes events that somebody else read from Kafka. */
export interface IngestTaker {
  /** Why no event can be taken now; null: one can. */
  ingestRefusal(): string | null;
  /** @param signal aborted where whoever asked has gone */
  ingest(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<IngestEventResult>;
}

export interface IngestService extends IngestTaker {
  /** Ends the attempts under way, which answer with what is known by then; takes no other. */
  stop(): Promise<void>;
}

export interface IngestServiceDeps extends Pick<IngestEventDeps, "ensureTemplate"> {
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

export function createIngestService(deps: IngestServiceDeps): IngestService {
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
