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
  entry: wholeNumber.meta({ description: "Its place in the source's list, from 0." }),
});

const options = {
  path: z.string().nullable(),
  startAt: z.enum(["earliest", "latest"]),
  format: z.enum(["text", "json"]),
  timestamp: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .meta({
      description: "The JSON field with the event's own time, or several: the first that can be read.",
    }),
  message: z.string().nullable().meta({ description: "The JSON field with the line." }),
  pipeline: z.string().nullable(),
  rejected: z.enum(["flatten", "dead-letter"]),
};
export const topicOptions: z.ZodType<TopicOptions> = z.object({
  ...options,
  index: z.string().nullable().meta({ description: "Null: the topic's name." }),
});

export const specification: z.ZodType<Specification> = z.object({
  ...options,
  topic: z.string(),
  index: z.string().meta({ description: "May hold `{yyyy.MM.dd}`." }),
});

export const outcomeCounts: z.ZodType<OutcomeCounts> = z.object({
  indexed: wholeNumber,
  duplicate: wholeNumber,
  deadLettered: wholeNumber,
  skipped: wholeNumber,
});

const partitionStatus: z.ZodType<PartitionStatus> = z.object({
  partition: wholeNumber,
  owned: z.boolean().meta({ description: "True: this host reads it." }),
  committed: wholeNumber.nullable(),
  highWatermark: wholeNumber.nullable(),
  lag: wholeNumber.nullable().meta({ description: "Last stable offset − committed; null: not known." }),
  progressAt: z
    .number()
    .nullable()
    .meta({ description: "Milliseconds since the epoch of the last commit, or of lag becoming > 0." }),
  lagAt: z.number().nullable().meta({ description: "When the broker told it: `lag` is as of then." }),
  oldestUnreadAt: z.number().nullable().meta({
    description: "The timestamp of the oldest record that is not acknowledged; null: none, or not known.",
  }),
  deletableAt: z.number().nullable().meta({
    description:
      "When Kafka may delete that record, by `retention.ms`; null: nobody can tell (kept for ever, by size, compacted, or not ours to see), or it is not behind.",
  }),
});

const reportedLoss: z.ZodType<ReportedLoss> = z.object({
  partition: wholeNumber,
  from: wholeNumber,
  to: wholeNumber.nullable().meta({ description: "One past the last; null: nobody can tell." }),
  cause: z.enum(["retention", "recreated"]),
  at: timeText,
});

const topicStatus: z.ZodType<TopicStatus> = z.object({
  topic: z.string(),
  state: z.enum(topicStates),
  reason: z.string().nullable(),
  since: timeText,
  downSince: timeText.nullable().meta({
    description: "Of a failed or starting topic: since when it moves nothing, tries in between included.",
  }),
  sources: z.array(sourceRef).meta({ description: "Every declaration that names it, the winner first." }),
  spec: specification,
  partitions: z.array(partitionStatus),
  counts: outcomeCounts,
  gaveWay: z.record(z.string(), wholeNumber).meta({
    description:
      "Records that are indexed in another form than their own, by the field that the mapping refused; `none`: it named none, `other`: all beyond the first twenty.",
  }),
  lost: z.array(reportedLoss).meta({ description: "What Kafka deleted before it was read." }),
});

export const topics = {
  name: "topics",
  description: "What is moved.",
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
      summary: "Every topic of this host, with its state and why",
      answers: { 200: json("By name; counts since the host started.", z.array(topicStatus)) },
    }),
  },
} satisfies Subject;
