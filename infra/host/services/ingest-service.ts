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
import { UnderWay } from "../http/kit/under-way.ts";

/** Ingests events that another program, such as AWS Lambda, read from Kafka. */
export interface IngestTaker {
  /** Why no event can be accepted now; null if one can. */
  ingestRefusal(): string | null;
  /** @param signal aborted if the client disconnects */
  ingest(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<IngestEventResult>;
}

export interface IngestService extends IngestTaker {
  /** Ends the attempts in progress, which answer with the outcomes known so far, and accepts no others. */
  stop(): Promise<void>;
}

export interface IngestServiceDeps extends Pick<IngestEventDeps, "ensureTemplate" | "sentBefore"> {
  readonly bulk: IngestBatchDeps["bulk"];
  deadLetters(): IngestBatchDeps["deadLetters"];
  /** The current settings. */
  settings(): Settings;
  /** Null until all sources were read. */
  declarations(): readonly Declaration[] | null;
  readonly now: () => number;
}

/** Records without an outcome by then have failed. Shorter than the 120 s after which the server drops a request. */
const ATTEMPT_MS = 60_000;

export function createIngestService(deps: IngestServiceDeps): IngestService {
  const attempts = new UnderWay();

  return {
    ingestRefusal() {
      if (attempts.signal.aborted) return "The host is stopping.";
      return deps.declarations() === null
        ? "etcd was not read yet, so its declarations are not known."
        : null;
    },
    async ingest(batches, signal) {
      const { elasticsearch, deadLetters } = deps.settings();
      const attempt = ingestEvent(
        { batches, limits: elasticsearch.bulk },
        {
          bulk: deps.bulk,
          deadLetters: deps.deadLetters(),
          ensureTemplate: deps.ensureTemplate,
          sentBefore: deps.sentBefore,
          specificationOf: specificationLookup(deps.declarations() ?? [], deadLetters.topic),
          now: deps.now,
          signal: AbortSignal.any([attempts.signal, signal, AbortSignal.timeout(ATTEMPT_MS)]),
        },
      );
      return attempts.add(attempt);
    },
    stop: () => attempts.stop(),
  };
}
