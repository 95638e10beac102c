import { z } from "zod";
import type { DigestResult } from "../../../functions/digest-dead-letters.ts";
import type {
  FailureStoreDigest,
  StoreDigest,
} from "../../../functions/digest-dead-letters/read-failure-stores.ts";
import type { ClearedStores } from "../../../functions/replay-dead-letters/clear-failure-stores.ts";
import type { ForeignRecord } from "../../../functions/replay-dead-letters/read-dead-letters.ts";
import type { IgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import type { RecordPlace, ReplayProgress, ReplayResult } from "../../../functions/replay-dead-letters.ts";
import type { DeadLetterDigest, DigestGroup } from "../../../lib/rules/dead-letters/dead-letter-digest.ts";
import type { StoredFailures } from "../../../lib/rules/dead-letters/failure-stores.ts";
import type { FieldThatGaveWay } from "../../../lib/rules/search/hits/gave-way.ts";
import { topicName } from "../../../lib/rules/config/scalars.ts";
import { checked, choice, optional } from "../kit/parameters.ts";
import { groupMembers, lettersLeft, mendRequest, stateCounts, statesProblems } from "./states.ts";
import {
  ignored,
  json,
  problemMembers,
  refusal,
  route,
  type Subject,
  timeText,
  wholeNumber,
} from "../kit/route.ts";

const place = { topic: z.string(), partition: wholeNumber, offset: wholeNumber };
const recordPlace: z.ZodType<RecordPlace> = z.object(place);

const digestGroup: z.ZodType<DigestGroup> = z.object({
  ...groupMembers,
  count: wholeNumber,
  states: stateCounts,
  firstSeen: timeText,
  lastSeen: timeText,
  sample: z
    .object({ ...place, reason: z.string(), value: z.string().nullable() })
    .meta({ description: "The first letter of the group, with the beginning of its value." }),
});
const groups = {
  groups: z.array(digestGroup).meta({ description: "Most frequent first." }),
  others: wholeNumber.meta({ description: "Letters beyond the listed groups." }),
};
const digest: z.ZodType<DeadLetterDigest> = z.object(groups);

const foreignRecord: z.ZodType<ForeignRecord> = z
  .object({ partition: wholeNumber, offset: wholeNumber, reason: z.string() })
  .meta({ description: "A record in the dead-letter topic that is not a dead letter." });
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
      "`unfit`: values do not match the field's type. `limit`: the index already has the maximum number of fields. `refused`: the index refused the records, which were flattened.",
  }),
  type: z.string().nullable().meta({ description: "The field's mapped type; null if it has none." }),
  sample: z.object({ index: z.string(), id: z.string() }),
});
const ignoredFields: z.ZodType<IgnoredFields> = z.object({
  from: timeText,
  to: timeText,
  fields: z.array(fieldThatGaveWay).meta({ description: "Most frequent first, at most 20 per topic." }),
  problems: z.array(z.string()).meta({ description: "What is missing from the list, and why." }),
});
const storedFailures: z.ZodType<StoredFailures> = z.object({
  documents: wholeNumber,
  records: wholeNumber.meta({
    description:
      "Of different ids, because each refusal of a record stores it again; approximate above some thousands.",
  }),
  kinds: z
    .array(
      z.object({
        error: z.string(),
        documents: wholeNumber,
        firstSeen: timeText,
        lastSeen: timeText,
        sample: z
          .object({ id: z.string().nullable(), reason: z.string() })
          .meta({ description: "The newest one: the id that it was to have, and why it was refused." }),
      }),
    )
    .meta({ description: "By error, most frequent first." }),
  otherKinds: wholeNumber.meta({ description: "Documents beyond the listed kinds." }),
});
const storeDigest: z.ZodType<StoreDigest> = z.object({
  stream: z.string().meta({ description: "The data stream." }),
  topics: z.array(z.string()).meta({ description: "The topics declared to go there; at most 100." }),
  enabled: z
    .boolean()
    .nullable()
    .meta({ description: "Whether refused documents still go there; null if Elasticsearch does not say." }),
  ours: storedFailures.meta({ description: "Documents with ids of Penstock's form." }),
  others: storedFailures.meta({ description: "Documents of other programs; a replay never touches them." }),
});
const failureStores: z.ZodType<FailureStoreDigest> = z.object({
  stores: z.array(storeDigest),
  problems: z.array(z.string()).meta({ description: "What is missing from the list, and why." }),
});
const digestResult: z.ZodType<DigestResult> = z.object({
  ...counts,
  ...groups,
  letters: wholeNumber,
  states: stateCounts,
  statesProblems,
  firstForeign: foreignRecord.nullable(),
  truncated: z.boolean().meta({ description: "True if there are more letters than were read." }),
  gaveWay: ignoredFields.meta({
    description: "Fields of the last day's records that were stored but cannot be searched by name.",
  }),
  failureStores: failureStores.meta({
    description: "What lies in the failure stores of the topics' data streams, beside the letters.",
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
const clearedStores: z.ZodType<ClearedStores> = z
  .object({
    cleared: wholeNumber.meta({ description: "Documents deleted, because their records are in the index." }),
    wouldClear: wholeNumber.meta({ description: "What a dry run would have deleted." }),
    open: wholeNumber.meta({
      description:
        "Records that are neither in the index nor dead letters: still tried, or for an audit with repair.",
    }),
    openPlaces: z.array(recordPlace).meta({ description: "At most 100." }),
    unexamined: wholeNumber.meta({
      description: "Documents beyond the records that can be told apart at once.",
    }),
    problems: z.array(z.string()).meta({ description: "Why documents were left." }),
  })
  .meta({ description: "What the replay did in the failure stores of the topics' data streams." });
const replayResult: z.ZodType<ReplayResult> = z.object({
  ...counts,
  dryRun: z.boolean(),
  ...outcomes,
  byError: digest,
  unrecoverablePlaces: z.array(recordPlace),
  byIndex: z.array(z.strictObject({ index: z.string(), letters: wholeNumber, elsewhere: z.boolean() })),
  undeclared: z.array(z.string()),
  firstForeign: foreignRecord.nullable(),
  failureStores: clearedStores,
});
const progress: z.ZodType<ReplayProgress> = z.object({
  read: wholeNumber,
  total: wholeNumber,
  outcomes: z.object(outcomes),
});
export const replayJob = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "failed"]),
  request: z.object({
    topic: z.string().nullable(),
    error: z.string().nullable(),
    since: timeText.nullable(),
    index: z.string().nullable(),
    refusedBy: z.string().nullable(),
    field: z.string().nullable(),
    dryRun: z.boolean(),
  }),
  startedAt: timeText,
  endedAt: timeText.nullable(),
  progress,
  result: replayResult.nullable(),
  error: z.string().nullable(),
  change: z
    .object({ proposal: z.string(), request: mendRequest.nullable(), made: z.boolean() })
    .nullable()
    .meta({ description: "The change that was asked for before the replay; `made`: Elasticsearch took it." }),
  left: lettersLeft
    .nullable()
    .meta({ description: "The audit at the end of a replay of one group: what became of its letters." }),
});

/** A requested replay. What a failed one had indexed stays there; the rest is still in the dead-letter topic. */
export type ReplayJob = z.infer<typeof replayJob>;
export const replayBusy = z.object({ ...problemMembers, job: z.string() });

/** Accepted in the query or in the body. */
const words = {
  topic: optional("Only letters of this topic."),
  error: optional("Only letters with this error type."),
  since: optional("Only letters that failed since this time (ISO 8601) or within this age (`2h`, `7d`)."),
  index: optional("The target index, instead of the one in the letter."),
  refusedBy: optional("Only letters that this index refused, for the `field` beside it."),
  field: optional("With `refusedBy`: the field that the reason names; absent: it names none."),
};
const bodyWords = z.strictObject({
  ...words,
  dryRun: z.literal([true, false, "true", "false"], "must be true or false").optional(),
});
const location = { location: "Where to query the replay." };

export const deadLetters = {
  name: "dead letters",
  description: "Rejected records, and replaying them.",
  schemas: {
    RecordPlace: recordPlace,
    DigestGroup: digestGroup,
    DeadLetterDigest: digest,
    ForeignRecord: foreignRecord,
    FieldThatGaveWay: fieldThatGaveWay,
    IgnoredFields: ignoredFields,
    StoredFailures: storedFailures,
    StoreDigest: storeDigest,
    FailureStoreDigest: failureStores,
    DigestResult: digestResult,
    ClearedStores: clearedStores,
    ReplayResult: replayResult,
    ReplayProgress: progress,
    ReplayJob: replayJob,
    ReplayBusy: replayBusy,
  },
  routes: {
    digest: route({
      method: "GET",
      path: "/dead-letters",
      access: "look",
      query: z.object({
        topic: topicName.meta({ description: "Only letters of this topic." }).optional(),
      }),
      // Even if Kafka refuses a login or lacks a permission: the request itself is fine.
      failure: () => 503,
      summary:
        "The newest dead letters by topic, index, field and error, the fields that gave way, and failure stores",
      answers: {
        200: json("The digest.", digestResult),
        400: refusal("An unknown parameter, or an invalid topic name."),
        429: refusal("Too many requests at once."),
        503: refusal("Kafka does not answer or refuses the request, or the host is stopping."),
      },
    }),
    replay: route({
      method: "POST",
      path: "/replay",
      // Even a dry run is a job, and one runs at a time.
      access: "change",
      query: z.object({
        ...words,
        dryRun: choice(["true", "false"], "True to count only and change nothing.").optional(),
      }),
      body: { schema: bodyWords, whenEmpty: {}, parse: (members) => checked(bodyWords, members) },
      summary: "Replays dead letters under the same ids",
      answers: {
        202: { ...json("The replay was started.", replayJob), headers: location },
        400: refusal("A parameter is unknown, given twice or invalid."),
        409: { ...refusal("Another replay is running.", replayBusy), headers: location },
        415: refusal("The body is not declared as application/json."),
        503: refusal("The host is stopping."),
      },
    }),
    job: route({
      method: "GET",
      path: "/replay/:id",
      access: "look",
      params: { id: "The id of the replay." },
      query: ignored,
      summary: "The progress or the result of a replay",
      answers: {
        200: json("The replay.", replayJob),
        404: refusal("No such replay; only the last few are remembered."),
      },
    }),
  },
} satisfies Subject;
