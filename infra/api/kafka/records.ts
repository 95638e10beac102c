import { z } from "zod";
import type { RecordExplanation } from "../../../functions/explain-record.ts";
import { verdictKinds } from "../../../lib/rules/inspection/verdict.ts";
import { maxEntries, type ReadRecordsResult } from "../../../functions/read-records.ts";
import type { PenstockError } from "../../../lib/rules/base/errors.ts";
import { gapReasons } from "../../../lib/rules/inspection/entries.ts";
import {
  maxHeaders,
  type ShownBytes,
  type ShownGap,
  type ShownRecord,
} from "../../../lib/rules/inspection/shown-record.ts";
import { topicName } from "../../../lib/rules/config/scalars.ts";
import { ownerSchema } from "../kit/owner.ts";
import { flag, optional, whole } from "../kit/parameters.ts";
import {
  type Answer,
  type FailureStatus,
  json,
  refusal,
  retryAfter,
  route,
  timeText,
  wholeNumber,
} from "../kit/route.ts";

const bytes: z.ZodType<ShownBytes> = z
  .object({
    bytes: wholeNumber,
    encoding: z.enum(["utf8", "base64"]),
    content: z.string(),
    cut: z.boolean().meta({ description: "True: `content` is only the beginning." }),
  })
  .meta({ description: "Text if it is UTF-8, otherwise Base64." });
const record: z.ZodType<ShownRecord> = z.object({
  kind: z.literal("record"),
  partition: wholeNumber,
  offset: wholeNumber,
  timestamp: timeText.nullable(),
  timestampMs: z.int(),
  key: bytes.nullable(),
  value: bytes.nullable(),
  headers: z
    .array(z.object({ name: z.string(), value: bytes.nullable() }))
    .meta({ description: `The first ${maxHeaders}, in their order; names may repeat.` }),
  headerCount: wholeNumber,
  batch: z.object({
    firstOffset: wholeNumber,
    lastOffset: wholeNumber,
    bytes: wholeNumber.meta({ description: "As it lies in the log." }),
    compression: z.enum(["none", "gzip", "snappy", "lz4", "zstd", "unknown"]),
    timestamps: z.enum(["create", "append", "unknown"]).meta({
      description: "Who set the timestamp: the producer, or the broker when it appended the record.",
    }),
    transactional: z.boolean(),
    format: z.literal([0, 1, 2]),
  }),
});
const gap: z.ZodType<ShownGap> = z.object({
  kind: z.literal("gap"),
  from: wholeNumber,
  end: wholeNumber.meta({ description: "One past its last offset." }),
  why: z.enum(gapReasons),
  detail: z.string().nullable(),
});
const records: z.ZodType<ReadRecordsResult> = z.object({
  topic: z.string(),
  partition: wholeNumber,
  logStart: wholeNumber,
  lastStableOffset: wholeNumber,
  highWatermark: wholeNumber,
  entries: z
    .array(z.union([record, gap]))
    .meta({ description: "In the order of offsets; what lies at an offset without a record is a gap." }),
  next: wholeNumber.meta({ description: "The first offset that was not looked at." }),
});

/** Answers that all questions to Kafka may give. */
export const kafkaRefusals: Readonly<Record<number, Answer>> = {
  400: refusal("A parameter is invalid, or the topic has no such partition."),
  403: refusal(
    "The topic is Kafka's own, or it is not declared and the token is read-only, or Kafka refuses.",
  ),
  404: refusal("Kafka does not have the topic."),
  429: { ...refusal("Too many requests at once."), headers: retryAfter },
  503: { ...refusal("Kafka does not answer, or the host is stopping."), headers: retryAfter },
  504: refusal("Kafka took too long."),
};
const statuses: Readonly<Partial<Record<PenstockError["code"], FailureStatus>>> = {
  topic_missing: 404,
  kafka_refused: 403,
  kafka_unavailable: 503,
  elasticsearch_refused: 502,
  elasticsearch_unavailable: 503,
  deadline_exceeded: 504,
};
export const kafkaFailure = ({ code }: PenstockError): FailureStatus | null => statuses[code] ?? null;

/** The place of records in Kafka, for every route that needs it. */
export const partitionPlace = {
  topic: topicName.meta({ description: "The topic; it need not be declared." }),
  partition: whole("Its partition.", 0, 2 ** 31 - 1),
};
export const offsetParameter = whole("The offset.", 0, Number.MAX_SAFE_INTEGER);

const explanation: z.ZodType<RecordExplanation> = z.object({
  topic: z.string(),
  partition: wholeNumber,
  offset: wholeNumber,
  kind: z.enum(verdictKinds),
  message: z.string(),
  remedy: z.string().nullable(),
  committed: wholeNumber
    .nullable()
    .meta({ description: "The next offset that the group reads; null: it has committed nothing." }),
  logStart: wholeNumber,
  highWatermark: wholeNumber,
  documents: z.array(z.object({ index: z.string(), id: z.string() })),
  letter: z
    .object({
      index: z.string(),
      error: z.object({ type: z.string(), reason: z.string() }),
      failedAt: timeText.nullable(),
      attempts: wholeNumber.nullable(),
    })
    .nullable(),
  owner: ownerSchema.nullable().meta({
    description:
      "Whom the group gave its partition, if it waits and this host does not read it; null if unknown.",
  }),
  notes: z.array(z.string()),
});

export const recordSchemas = {
  KafkaRecord: record,
  KafkaGap: gap,
  KafkaRecords: records,
  RecordExplanation: explanation,
};

/** Records as they lie in Kafka. */
export const recordRoutes = {
  records: route({
    method: "GET",
    path: "/records",
    access: "look",
    query: z
      .object({
        ...partitionPlace,
        offset: offsetParameter.optional(),
        from: optional("Instead of `offset`: the first record of this time or later, as in `/logs`."),
        limit: whole("The most entries; fewer come if their records exceed 16 MiB.", 1, maxEntries).default(
          20,
        ),
        whole: flag("True to get up to 4 MiB of a value instead of 4 KiB; only with `limit=1`."),
      })
      .refine(({ offset, from }) => offset === undefined || from === undefined, {
        path: ["from"],
        error: "must not be given together with offset",
      })
      .refine(({ whole: isWhole, limit }) => !isWhole || limit === 1, {
        path: ["whole"],
        error: "needs limit=1",
      }),
    failure: kafkaFailure,
    summary: "Records as they lie in Kafka, from an offset or a time; by default the newest",
    description:
      "Read without a group: no position moves. Of a topic that is not declared only with the full token.",
    answers: { 200: json("What lies there.", records), ...kafkaRefusals },
  }),
  explain: route({
    method: "GET",
    path: "/records/explanation",
    access: "look",
    query: z.object({ ...partitionPlace, offset: offsetParameter }),
    failure: kafkaFailure,
    summary: "Why a record is, or is not, in the index",
    description:
      "Looks into Kafka, the group's position, the topic's indices, dead letters and failure stores, and what this host is doing.",
    answers: {
      200: json("What became of it.", explanation),
      ...kafkaRefusals,
      502: refusal("Elasticsearch refuses."),
      503: {
        ...refusal("Kafka or Elasticsearch does not answer, or the host is stopping."),
        headers: retryAfter,
      },
    },
  }),
};
