import { z } from "zod";
import type { SourceRef, Specification, TopicOptions } from "../../lib/rules/model/declaration.ts";
import {
  type OutcomeCounts,
  type PartitionStatus,
  type ReportedLoss,
  topicStates,
  type TopicStatus,
} from "../../lib/rules/progress/status.ts";
import { ignored, json, route, type Subject, timeText, wholeNumber } from "./kit/route.ts";

export const sourceRef: z.ZodType<SourceRef> = z.object({
  kind: z.enum(["config", "etcd"]),
  name: z.string().meta({ description: "The file's path, or the etcd key." }),
  revision: wholeNumber.nullable(),
  entry: wholeNumber.meta({ description: "Its position in the source's list, from 0." }),
});

const options = {
  path: z.string().nullable(),
  startAt: z.enum(["earliest", "latest"]),
  format: z.enum(["text", "json"]),
  timestamp: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .meta({
      description: "The JSON field with the event's own time, or several; the first readable one counts.",
    }),
  message: z.string().nullable().meta({ description: "The JSON field with the line." }),
  pipeline: z.string().nullable(),
  rejected: z.enum(["flatten", "dead-letter"]),
  retention: z
    .string()
    .nullable()
    .meta({ description: "How long the data stream keeps documents, such as `30d`; null if not declared." }),
};
export const topicOptions: z.ZodType<TopicOptions> = z.object({
  ...options,
  index: z.string().nullable().meta({ description: "Null for the topic's name, or with `dataStream`." }),
  dataStream: z.string().nullable().meta({ description: "May contain `{topic}`; null for an index." }),
});

export const specification: z.ZodType<Specification> = z.object({
  ...options,
  topic: z.string(),
  index: z.string().meta({ description: "May contain `{yyyy.MM.dd}`; with `dataStream` the same name." }),
  dataStream: z.string().nullable().meta({ description: "Null for an index." }),
});

export const outcomeCounts: z.ZodType<OutcomeCounts> = z.object({
  indexed: wholeNumber,
  duplicate: wholeNumber,
  deadLettered: wholeNumber,
  skipped: wholeNumber,
});

const partitionStatus: z.ZodType<PartitionStatus> = z.object({
  partition: wholeNumber,
  owned: z.boolean().meta({ description: "True if this host reads it." }),
  committed: wholeNumber.nullable(),
  highWatermark: wholeNumber.nullable(),
  lag: wholeNumber.nullable().meta({ description: "Last stable offset − committed; null if unknown." }),
  progressAt: z
    .number()
    .nullable()
    .meta({ description: "Milliseconds since the epoch of the last commit, or of lag becoming > 0." }),
  lagAt: z.number().nullable().meta({ description: "When the broker last reported `lag`." }),
  oldestUnreadAt: z.number().nullable().meta({
    description: "The timestamp of the oldest record without an outcome; null if none or unknown.",
  }),
  deletableAt: z.number().nullable().meta({
    description:
      "When Kafka may delete that record, by `retention.ms`; null if unknown (kept forever, by size, compacted, or not readable for us) or not behind.",
  }),
});

const reportedLoss: z.ZodType<ReportedLoss> = z.object({
  partition: wholeNumber,
  from: wholeNumber,
  to: wholeNumber.nullable().meta({ description: "One past the last; null if unknown." }),
  cause: z.enum(["retention", "recreated"]),
  at: timeText,
});

const topicStatus: z.ZodType<TopicStatus> = z.object({
  topic: z.string(),
  state: z.enum(topicStates),
  reason: z.string().nullable(),
  since: timeText,
  downSince: timeText.nullable().meta({
    description: "For a failed or starting topic: since when it moves nothing, across retries.",
  }),
  sources: z.array(sourceRef).meta({ description: "Every declaration that names it, the winner first." }),
  spec: specification,
  partitions: z.array(partitionStatus),
  counts: outcomeCounts,
  gaveWay: z.record(z.string(), wholeNumber).meta({
    description:
      "Records indexed in another form than their own, by the field that the mapping refused; `none` if it named none, `other` for all beyond the first twenty.",
  }),
  lost: z.array(reportedLoss).meta({ description: "Records that Kafka deleted before they were read." }),
});

export const topics = {
  name: "topics",
  description: "The topics of this host.",
  schemas: {
    SourceRef: sourceRef,
    Specification: specification,
    OutcomeCounts: outcomeCounts,
    PartitionStatus: partitionStatus,
    ReportedLoss: reportedLoss,
    TopicStatus: topicStatus,
  },
  routes: {
    list: route({
      method: "GET",
      path: "/topics",
      access: "look",
      query: ignored,
      summary: "Every topic of this host, with its state and the reason",
      answers: { 200: json("By name; counts since the host started.", z.array(topicStatus)) },
    }),
  },
} satisfies Subject;
