import { z } from "zod";
import { type BatchItemFailures, kafkaEventSchema, parseKafkaEvent } from "../../lib/rules/lambda-event.ts";
import { retryCodes } from "../../lib/rules/model/record.ts";
import type { FailedRecords } from "../../functions/ingest-event.ts";
import type { OutcomeCounts } from "../../lib/rules/progress/status.ts";
import { ignored, json, refusal, retryAfter, route, type Subject, wholeNumber } from "./kit/route.ts";
import { outcomeCounts } from "./topics.ts";

/** Lambda's partial batch response, with details for people. */
export interface IngestAnswer extends BatchItemFailures {
  /** The outcomes of the records that did not fail. */
  readonly counts: OutcomeCounts;
  /** Why the others failed, by partition. */
  readonly reasons: readonly (Omit<FailedRecords, "name" | "offsets"> & {
    readonly partition: string;
    readonly records: number;
  })[];
}

const ingestAnswer: z.ZodType<IngestAnswer> = z.object({
  batchItemFailures: z
    .array(
      z.object({
        itemIdentifier: z.object({
          partition: z.string().meta({ description: "`<topic>-<partition>`." }),
          offset: wholeNumber,
        }),
      }),
    )
    .meta({ description: "The records to send again; empty if all have an outcome." }),
  counts: outcomeCounts,
  reasons: z.array(
    z.object({
      partition: z.string(),
      records: wholeNumber,
      code: z.enum([...retryCodes, "not_declared"]),
      message: z.string(),
    }),
  ),
});

/** Lambda's own events have at most 6 MB ("Invocation payload" of its quotas). */
export const maxEventBytes = 8 * 1024 * 1024;

export const ingest = {
  name: "ingest",
  description: "Records that another program read from Kafka.",
  schemas: { KafkaEvent: kafkaEventSchema, IngestAnswer: ingestAnswer },
  routes: {
    take: route({
      method: "POST",
      path: "/ingest",
      access: "change",
      maxBody: maxEventBytes,
      query: ignored,
      body: { schema: kafkaEventSchema, parse: parseKafkaEvent },
      summary: "Ingests the event of an AWS Lambda event source mapping for Kafka",
      description:
        "Uses the same ids as a consumer: a record that arrives both ways, or twice, is one document. " +
        "One bounded attempt; records that a host would retry are reported as failed.",
      answers: {
        200: json("The attempt was made; the body lists what failed.", ingestAnswer),
        400: refusal("The body is not such an event; names the place, the value and the rule."),
        415: refusal("The body is not declared as application/json."),
        503: {
          ...refusal("Nothing was tried: the host is stopping, has not read etcd yet, or is busy."),
          headers: retryAfter,
        },
      },
    }),
  },
} satisfies Subject;
