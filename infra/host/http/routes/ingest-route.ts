import type { Context, Hono } from "hono";
import type { FailedRecords, IngestEventResult } from "../../../../functions/ingest-event.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import {
  batchItemFailures,
  type BatchItemFailures,
  parseKafkaEvent,
  type PartitionBatch,
} from "../../../../lib/rules/lambda-event.ts";
import type { OutcomeCounts } from "../../../../lib/rules/progress/status.ts";
import { readText } from "../kit/body.ts";
import type { IngestTaker } from "../../services/ingest-service.ts";
import { createPlaces } from "../kit/semaphore.ts";
import { problem } from "../kit/problem.ts";
import { addRoute } from "../kit/routes.ts";

/** What POST /ingest answers: Lambda's partial batch response, and what people want to know besides. */
export interface IngestAnswer extends BatchItemFailures {
  /** Of the records that did not fail. */
  readonly counts: OutcomeCounts;
  /** Why the others did, by partition. */
  readonly reasons: readonly (Omit<FailedRecords, "name" | "offsets"> & {
    readonly partition: string;
    readonly records: number;
  })[];
}

/** A longer event is answered 413. Lambda's own are at most 6 MB: "Invocation payload" of its quotas. */
export const maxEventBytes = 8 * 1024 * 1024;
/** Each is held in memory as its text, its JSON and its records. */
const MAX_EVENTS_AT_ONCE = 4;

/**
 * POST /ingest takes the event of an AWS Lambda event source mapping for Kafka and answers, 200 also where all failed,
 * with the records that have to be sent again. 503: nothing of it was looked at, and a later try may do.
 */
export function addIngestRoute(app: Hono, deps: IngestTaker): void {
  const events = createPlaces(MAX_EVENTS_AT_ONCE);
  addRoute(app, "/ingest", {
    POST: async (c) => {
      const leave = events.take(c.get("access"));
      const refusal = leave === null ? tooMany : deps.ingestRefusal();
      if (refusal !== null) {
        leave?.();
        return problem(c, 503, refusal, { headers: { "retry-after": "1" } });
      }
      try {
        const batches = await readEvent(c);
        if (batches instanceof Response) return batches;
        return c.json(toAnswer(await deps.ingest(batches, c.req.raw.signal)));
      } finally {
        leave?.();
      }
    },
  });
}

const tooMany = `${MAX_EVENTS_AT_ONCE} events are being brought in; that is as many as this host takes at once.`;

async function readEvent(c: Context): Promise<readonly PartitionBatch[] | Response> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return problem(c, 415, "The body must be application/json.");
  const text = await readText(c);
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    return problem(c, 400, "The body is not valid JSON.");
  }
  try {
    return parseKafkaEvent(event);
  } catch (thrown) {
    if (!(thrown instanceof PenstockError) || thrown.code !== "event_invalid") throw thrown;
    return problem(c, 400, `${thrown.message}.`);
  }
}

function toAnswer({ counts, failed }: IngestEventResult): IngestAnswer {
  const reasons = failed.map(({ name, offsets, code, message }) => ({
    partition: name,
    records: offsets.length,
    code,
    message,
  }));
  return { ...batchItemFailures(failed), counts, reasons };
}
