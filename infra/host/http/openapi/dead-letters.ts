import { z } from "zod";
import type { DigestResult } from "../../../../functions/digest-dead-letters.ts";
import type { ForeignRecord } from "../../../../functions/replay-dead-letters/read-dead-letters.ts";
import type { IgnoredFields } from "../../../../functions/digest-dead-letters/read-ignored-fields.ts";
import type { RecordPlace, ReplayProgress, ReplayResult } from "../../../../functions/replay-dead-letters.ts";
import type { DeadLetterDigest, DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import type { FieldThatGaveWay } from "../../../../lib/rules/search/hits/gave-way.ts";
import type { ReplayJob } from "../../../api/replay-job.ts";
import {
  jsonAnswer,
  problemAnswer,
  queryParameter,
  ref,
  type Subject,
  timeText,
  wholeNumber,
} from "./operation.ts";
import { problemMembers } from "./problem-schema.ts";

const place = { topic: z.string(), partition: wholeNumber, offset: wholeNumber };
const recordPlace: z.ZodType<RecordPlace> = z.object(place);

const digestGroup: z.ZodType<DigestGroup> = z.object({
  topic: z.string(),
  field: z.string().nullable().meta({ description: "Null: the reason names none." }),
  error: z.string(),
  count: wholeNumber,
  firstSeen: timeText,
  lastSeen: timeText,
  sample: z
    .object({ ...place, reason: z.string(), value: z.string().nullable() })
    .meta({ description: "The first of them; the beginning of its value." }),
});
const groups = {
  groups: z.array(digestGroup).meta({ description: "The most frequent first." }),
  others: wholeNumber.meta({ description: "Letters beyond the groups that are kept." }),
};
const digest: z.ZodType<DeadLetterDigest> = z.object(groups);

const foreignRecord: z.ZodType<ForeignRecord> = z
  .object({ partition: wholeNumber, offset: wholeNumber, reason: z.string() })
  .meta({ description: "A record in the dead-letter topic that is no letter." });
const counts = {
  read: wholeNumber,
  notLetters: wholeNumber,
  filteredOut: wholeNumber,
  doubles: wholeNumber,
};
const fieldThatGaveWay: z.ZodType<FieldThatGaveWay> = z.object({
  topic: z.string(),
  field: z.string(),
  records: wholeNumber,
  why: z.enum(["unfit", "limit", "refused"]).meta({
    description:
      "`unfit`: values that are not of the field's type. `limit`: one field more than the index may have. `refused`: the index refused the records, which were flattened.",
  }),
  type: z.string().nullable().meta({ description: "As which the field is mapped; null: it is not." }),
  sample: z.object({ index: z.string(), id: z.string() }),
});
const ignoredFields: z.ZodType<IgnoredFields> = z.object({
  from: timeText,
  to: timeText,
  fields: z.array(fieldThatGaveWay).meta({ description: "The most frequent first, at most 20 of a topic." }),
  problems: z.array(z.string()).meta({ description: "What is missing, and why." }),
});
const digestResult: z.ZodType<DigestResult> = z.object({
  ...counts,
  ...groups,
  letters: wholeNumber,
  firstForeign: foreignRecord.nullable(),
  truncated: z.boolean().meta({ description: "True: there are more letters than were looked at." }),
  gaveWay: ignoredFields.meta({
    description: "By whose names records of the last day are not found, though they are indexed.",
  }),
});

const outcomes = {
  alreadyThere: wholeNumber,
  indexed: wholeNumber,
  stillRejected: wholeNumber,
  skipped: wholeNumber,
  unrecoverable: wholeNumber,
  elsewhere: wholeNumber,
  wouldReplay: wholeNumber,
};
const replayResult: z.ZodType<ReplayResult> = z.object({
  ...counts,
  dryRun: z.boolean(),
  ...outcomes,
  byError: digest,
  unrecoverablePlaces: z.array(recordPlace),
  byIndex: z.array(z.strictObject({ index: z.string(), letters: wholeNumber, elsewhere: z.boolean() })),
  undeclared: z.array(z.string()),
  firstForeign: foreignRecord.nullable(),
});
const progress: z.ZodType<ReplayProgress> = z.object({
  read: wholeNumber,
  total: wholeNumber,
  outcomes: z.object(outcomes),
});
const replayJob: z.ZodType<ReplayJob> = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "failed"]),
  request: z.object({
    topic: z.string().nullable(),
    error: z.string().nullable(),
    since: timeText.nullable(),
    index: z.string().nullable(),
    dryRun: z.boolean(),
  }),
  startedAt: timeText,
  endedAt: timeText.nullable(),
  progress,
  result: replayResult.nullable(),
  error: z.string().nullable(),
});

/** May stand in the query or in the body, not in both. */
const words = {
  topic: { description: "Of this topic only.", type: "string" },
  error: { description: "Of this error type only.", type: "string" },
  since: { description: "Failed since: a time (ISO 8601), or a duration before now (`2h`).", type: "string" },
  index: { description: "Where to instead of the index the letter names.", type: "string" },
} as const;
const location = { location: { description: "Where to ask about it.", schema: { type: "string" } } };

export const deadLetters: Subject = {
  name: "dead letters",
  description: "What was rejected, and bringing it back.",
  schemas: {
    RecordPlace: recordPlace,
    DigestGroup: digestGroup,
    DeadLetterDigest: digest,
    ForeignRecord: foreignRecord,
    FieldThatGaveWay: fieldThatGaveWay,
    IgnoredFields: ignoredFields,
    DigestResult: digestResult,
    ReplayResult: replayResult,
    ReplayProgress: progress,
    ReplayJob: replayJob,
    ReplayBusy: z.object({ ...problemMembers, job: z.string() }),
  },
  paths: {
    "/dead-letters": {
      get: {
        summary: "The newest dead letters by topic, field and error, and the fields that gave way",
        parameters: [queryParameter("topic", "Of this topic only.", { type: "string" })],
        responses: {
          200: jsonAnswer("What they have in common.", ref("DigestResult")),
          400: problemAnswer("An unknown parameter, or no topic name."),
          429: problemAnswer("Too many at once."),
          503: problemAnswer("Kafka does not answer, or refuses to, or the host is stopping."),
        },
      },
    },
    "/replay": {
      post: {
        summary: "Brings dead letters back under the same ids",
        parameters: [
          ...Object.entries(words).map(([name, { description, type }]) =>
            queryParameter(name, description, { type }),
          ),
          queryParameter("dryRun", "True: counts and touches nothing.", { enum: ["true", "false"] }),
        ],
        requestBody: {
          required: false,
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { ...words, dryRun: { enum: [true, false, "true", "false"] } },
                additionalProperties: false,
              },
            },
          },
        },
        responses: {
          202: { ...jsonAnswer("It was started.", ref("ReplayJob")), headers: location },
          400: problemAnswer("An unknown or twice given parameter, or one with another value."),
          409: { ...problemAnswer("Another one runs.", ref("ReplayBusy")), headers: location },
          415: problemAnswer("The body does not say that it is JSON."),
          503: problemAnswer("The host is stopping."),
        },
      },
    },
    "/replay/{id}": {
      get: {
        summary: "How far a replay is, or what became of it",
        parameters: [
          { name: "id", in: "path", required: true, description: "Its id.", schema: { type: "string" } },
        ],
        responses: {
          200: jsonAnswer("The replay.", ref("ReplayJob")),
          404: problemAnswer("There is none; only the last few are remembered."),
        },
      },
    },
  },
};
