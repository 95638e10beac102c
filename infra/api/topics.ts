import { z } from "zod";
import type { SourceRef, Specification, TopicOptions } from "../../lib/rules/model/declaration.ts";
import { retryCodes } from "../../lib/rules/model/record.ts";
import { type ListedTopic, targetKinds, type TargetStatus } from "../../lib/rules/progress/holdings.ts";
import {
  type OutcomeCounts,
  type PartitionStatus,
  type ReportedLoss,
  type TopicTrouble,
  topicStates,
} from "../../lib/rules/progress/status.ts";
import { remedySchema } from "./kit/remedy.ts";
import { hold, holdResult, holdRoutes } from "./topic/hold.ts";
import { rewindResult, rewindRoutes } from "./topic/rewind.ts";
import { explainRoute, explanationSchema } from "./topic/explain.ts";
import { retryRoute } from "./topic/retry.ts";
import { rebuildRoute, rebuildStatusSchema } from "./topic/rebuild.ts";
import { ignored, json, route, type Subject, timeText, wholeNumber } from "./kit/route.ts";

export const sourceRef: z.ZodType<SourceRef> = z.object({
  kind: z.enum(["config", "etcd"]),
  name: z.string().meta({ description: "The file's path, or the etcd key." }),
  revision: wholeNumber.nullable(),
  entry: wholeNumber.meta({ description: "Its position in the source's list, from 0." }),
});

const options = {
  path: z.string().nullable(),
  startAt: z
    .string()
    .meta({ description: "`earliest`, `latest`, a time with its zone, or an age such as `-2h`." }),
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
  hold: z.boolean().meta({ description: "True: it is not read." }),
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
  index: z
    .string()
    .meta({ description: "May contain `{yyyy.MM.dd}` and fields; with `dataStream` the same name." }),
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
  sent: wholeNumber.nullable().meta({ description: "One past the last offset sent; null: not read here." }),
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

const topicTrouble: z.ZodType<TopicTrouble> = z.object({
  since: timeText.meta({ description: "When the first try was refused, or the topic failed." }),
  attempts: wholeNumber.meta({ description: "Tries refused since then." }),
  code: z.enum(retryCodes).nullable().meta({
    description:
      "Why records are tried again: with `dead_letter_unavailable`, Kafka does not take dead letters; with any other, Elasticsearch does not take records. Null if there was no response yet, or if the topic failed.",
  }),
  partitions: z
    .array(wholeNumber)
    .meta({ description: "The partitions of this host with records that wait." }),
  records: wholeNumber.nullable().meta({ description: "How many records wait there; null if unknown." }),
  oldestAt: z.number().nullable().meta({ description: "The timestamp of the oldest of them." }),
  deletableAt: z.number().nullable().meta({
    description: "When Kafka may delete it, by `retention.ms`; null if unknown, as in PartitionStatus.",
  }),
});

const reportedLoss: z.ZodType<ReportedLoss> = z.object({
  partition: wholeNumber,
  from: wholeNumber,
  to: wholeNumber.nullable().meta({ description: "One past the last; null if unknown." }),
  cause: z.enum(["retention", "recreated"]),
  at: timeText,
});

const time = z.number().nullable();

const targetStatus: z.ZodType<TargetStatus> = z.object({
  name: z.string().meta({ description: "`index` of the specification." }),
  kind: z.enum(targetKinds).nullable(),
  generations: wholeNumber.nullable().meta({
    description: "Backing indices of a data stream, indices of an alias, or dated indices.",
  }),
  documents: wholeNumber.nullable(),
  topicDocuments: wholeNumber.nullable().meta({
    description:
      "This topic's part of `documents`; null if no other topic of this host is written there, or if unknown.",
  }),
  bytes: wholeNumber.nullable().meta({ description: "On disk, of the primary shards." }),
  from: time.meta({ description: "The earliest `@timestamp`, in milliseconds since the epoch." }),
  to: time.meta({ description: "The latest `@timestamp`." }),
  retentionMs: wholeNumber.nullable().meta({
    description:
      "After how long the lifecycle of a data stream deletes; null if it does not, or if ILM manages the stream.",
  }),
  at: time.meta({ description: "When Elasticsearch said so; null if it did not answer yet." }),
  reason: z.string().nullable().meta({
    description: "Why a member is unknown (null) or old: a missing privilege, a closed index, no answer.",
  }),
  warning: z.string().nullable().meta({
    description:
      "One sentence if the target deletes sooner than the topic is read: the oldest unread record is older than the stream's retention, or than the earliest of the dated indices.",
  }),
});

const rebuildStatus = rebuildStatusSchema(outcomeCounts);

const topicStatus: z.ZodType<ListedTopic> = z.object({
  topic: z.string(),
  state: z.enum(topicStates),
  reason: z.string().nullable(),
  remedy: remedySchema.nullable().meta({
    description: "What mends the reason; null if nothing has to be done, or nobody can know.",
  }),
  trouble: topicTrouble.nullable().meta({
    description:
      "From the first refused try on, also while the state is `running`: it is tried again in vain. Null if it gets on, waits or is held.",
  }),
  since: timeText,
  downSince: timeText.nullable().meta({
    description: "For a failed or starting topic: since when it moves nothing, across retries.",
  }),
  hold: hold.nullable().meta({ description: "What holds it; null if nothing does." }),
  sources: z.array(sourceRef).meta({ description: "Every declaration that names it, the winner first." }),
  spec: specification,
  partitions: z.array(partitionStatus),
  counts: outcomeCounts,
  gaveWay: z.record(z.string(), wholeNumber).meta({
    description:
      "Records indexed in another form than their own, by the field that the mapping refused; `none` if it named none, `other` for all beyond the first twenty.",
  }),
  lost: z.array(reportedLoss).meta({ description: "Records that Kafka deleted before they were read." }),
  target: targetStatus.nullable().meta({
    description:
      "What its target in Elasticsearch holds, asked while somebody looks, at most once a minute; null before the first answer.",
  }),
  rebuild: rebuildStatus.nullable().meta({ description: "Null if it is not rebuilt into another index." }),
});

export const explanation = explanationSchema({ status: topicStatus, source: sourceRef });

export const topics = {
  name: "topics",
  description: "The topics of this host.",
  schemas: {
    SourceRef: sourceRef,
    Specification: specification,
    OutcomeCounts: outcomeCounts,
    PartitionStatus: partitionStatus,
    ReportedLoss: reportedLoss,
    Remedy: remedySchema,
    TopicTrouble: topicTrouble,
    TargetStatus: targetStatus,
    RebuildStatus: rebuildStatus,
    TopicStatus: topicStatus,
    Explanation: explanation,
    Hold: hold,
    HoldResult: holdResult,
    RewindResult: rewindResult,
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
    ...holdRoutes,
    ...rewindRoutes,
    rebuild: rebuildRoute(rebuildStatus),
    retry: retryRoute,
    explain: explainRoute(explanation),
  },
} satisfies Subject;
