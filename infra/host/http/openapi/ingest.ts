import { z } from "zod";
import { kafkaEventSchema } from "../../../../lib/rules/lambda-event.ts";
import { retryCodes } from "../../../../lib/rules/model/record.ts";
import type { IngestAnswer } from "../routes/ingest-route.ts";
import { jsonAnswer, problemAnswer, ref, type Subject, wholeNumber } from "./operation.ts";
import { outcomeCounts } from "./topics.ts";

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
    .meta({ description: "The records to send again; none: all of the event is done with." }),
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

export const ingest: Subject = {
  name: "ingest",
  description: "Records that somebody else read from Kafka.",
  schemas: { KafkaEvent: kafkaEventSchema, IngestAnswer: ingestAnswer },
  paths: {
    "/ingest": {
      post: {
        summary: "Takes the event of an AWS Lambda event source mapping for Kafka",
        description:
          "Same ids as a consumer's: a record that comes both ways, or twice, is one document. " +
          "One bounded attempt; what a host would try again is answered as failed.",
        requestBody: {
          required: true,
          content: { "application/json": { schema: ref("KafkaEvent") } },
        },
        responses: {
          200: jsonAnswer("It was tried, whatever became of it.", ref("IngestAnswer")),
          400: problemAnswer("It is no such event; the place, the value and the rule."),
          415: problemAnswer("The body does not say that it is JSON."),
          503: {
            ...problemAnswer(
              "Nothing was tried: the host stops, has not read etcd yet, or has enough to do.",
            ),
            headers: { "retry-after": { description: "Seconds.", schema: { type: "string" } } },
          },
        },
      },
    },
  },
};
