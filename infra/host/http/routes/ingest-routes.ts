import type { Hono } from "hono";
import type { IngestEventResult } from "../../../../functions/ingest-event.ts";
import { batchItemFailures } from "../../../../lib/rules/lambda-event.ts";
import { ingest, type IngestAnswer } from "../../../api/ingest.ts";
import type { IngestTaker } from "../../services/ingest-service.ts";
import { mount } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";
import { createPlaces } from "../kit/semaphore.ts";

/** Each is in memory three times: as text, JSON and records. */
const MAX_EVENTS_AT_ONCE = 4;
const tooMany = `${MAX_EVENTS_AT_ONCE} events are being ingested, the most that this host accepts at once.`;

/**
 * Takes the event of an AWS Lambda event source mapping for Kafka and answers with the records to send again; 200 even
 * if all failed. 503 means that nothing was looked at, and a later try may succeed.
 */
export function addIngestRoutes(app: Hono, deps: IngestTaker): void {
  const events = createPlaces(MAX_EVENTS_AT_ONCE);
  mount(app, ingest.routes.take, async ({ body }, c) => {
    const leave = events.take(c.get("access"));
    const refusal = leave === null ? tooMany : deps.ingestRefusal();
    if (refusal !== null) {
      leave?.();
      return problem(c, 503, refusal, { headers: { "retry-after": "1" } });
    }
    try {
      return c.json(toAnswer(await deps.ingest(await body(), c.req.raw.signal)));
    } finally {
      leave?.();
    }
  });
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
