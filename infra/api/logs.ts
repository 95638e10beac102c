import { z } from "zod";
import type { SearchLogsResult } from "../../functions/search-logs.ts";
import type { SearchFailuresResult } from "../../functions/search-failures.ts";
import type { StoredHit } from "../../lib/rules/search/hits/stored-hit.ts";
import type { LogHit as FoundHit } from "../../lib/rules/search/hits/log-hit.ts";
import type { TailLine } from "../../lib/rules/search/hits/tail-line.ts";
import { parseCursor } from "../../lib/rules/search/query/cursor.ts";
import { choice, flag, list, required, whole } from "./kit/parameters.ts";
import {
  json,
  problemMembers,
  refusal,
  route,
  type Subject,
  text,
  timeText,
  wholeNumber,
} from "./kit/route.ts";

import { fieldRoutes, fieldSchemas } from "./log/fields.ts";
import { answers, common, filter, filters, notUnderstood, part, q, refusals } from "./log/parts.ts";
import { levels } from "../../lib/rules/level/log-level.ts";
import type { ShownLevel } from "../../lib/rules/level/shown-levels.ts";

const ignoredFields = z.array(z.string()).meta({
  description: "Fields that were stored but cannot be searched by name, except those that are only too long.",
});
const document = z.record(z.string(), z.unknown());
/** One line of a search, as the page gets it. */
export interface LogHit extends Omit<FoundHit, "documentJson"> {
  /** With long strings cut; null if too large. */
  readonly document: Readonly<Record<string, unknown>> | null;
}
const hit: z.ZodType<LogHit> = z.object({
  id: z.string(),
  index: z.string(),
  topic: z.string().nullable(),
  partition: wholeNumber.nullable(),
  offset: wholeNumber.nullable(),
  timestamp: timeText.nullable(),
  line: z
    .array(z.tuple([z.string(), z.boolean()]))
    .meta({ description: "The message in pieces, at most 2 KiB; true marks a match." }),
  cut: z.boolean(),
  bytes: wholeNumber.nullable().meta({ description: "Of the whole text; null if too long to fetch." }),
  level: z.enum(levels).nullable(),
  tags: z.array(z.string()),
  ignored: ignoredFields,
  document: document.nullable().meta({ description: "With long strings cut; null if too large." }),
});
export interface LogAnswer extends Omit<SearchLogsResult, "hits"> {
  readonly hits: readonly LogHit[];
}
export type LogHistogram = NonNullable<LogAnswer["histogram"]>;
const bars = z.array(z.tuple([z.number(), wholeNumber]));
const result: z.ZodType<LogAnswer> = z.object({
  from: timeText,
  to: timeText,
  tookMs: z.number(),
  complete: z.boolean().meta({ description: "False if something is missing; `problems` says why." }),
  problems: z.array(z.string()),
  total: z.object({ value: wholeNumber, exact: z.boolean() }),
  hits: z.array(hit),
  histogram: z
    .object({
      intervalMs: wholeNumber,
      bars,
      levels: z
        .object({ error: bars, warn: bars, info: bars, debug: bars } satisfies Record<ShownLevel, z.ZodType>)
        .meta({ description: "The bars of each `log.level`; `fatal` is an error, `trace` is debug." }),
    })
    .nullable(),
  next: z.string().nullable().meta({ description: "The `after` of the next page; null on the last one." }),
  newest: timeText
    .nullable()
    .meta({ description: "If nothing was found: the time of the newest match at any time." }),
  meant: z.array(z.object({ part, instead: z.array(z.string()) })).meta({
    description:
      "If nothing was found at any time: parts of the search that name a field in which another one ends, as `kafka.topic` in `topic`, and what may stand in their place.",
  }),
});
const stored: z.ZodType<StoredHit> = z.object({
  index: z.string().meta({ description: "Of the failure store." }),
  id: z.string().meta({ description: "In the failure store." }),
  at: timeText.nullable().meta({ description: "When it was refused." }),
  error: z.object({ type: z.string(), message: z.string() }),
  recordId: z.string().nullable().meta({ description: "The id that the document was to have." }),
  topic: z.string().nullable().meta({ description: "Null for a document of another program." }),
  partition: wholeNumber.nullable(),
  offset: wholeNumber.nullable(),
  raw: z.string().nullable().meta({
    description: "The refused document as written, with all digits; null if it is larger than 64 KiB.",
  }),
});
const failures: z.ZodType<SearchFailuresResult> = z.object({
  from: timeText,
  to: timeText,
  streams: z.array(z.string()).meta({ description: "The data streams whose failure stores were searched." }),
  problems: z.array(z.string()),
  total: z.object({ value: wholeNumber, exact: z.boolean() }),
  failures: z.array(stored),
});
const wholeDocument = z.object({
  index: z.string(),
  id: z.string(),
  raw: z.string().meta({ description: "As written, with all digits." }),
  bytes: wholeNumber,
  ignored: ignoredFields,
});

/** What a search in failure stores found. */
export type FailureAnswer = SearchFailuresResult;
export type LogDocument = z.infer<typeof wholeDocument>;
const tooLarge = z.object({ ...problemMembers, index: z.string(), id: z.string() });

export type { TailLine };

/** The first event of a tail, repeated when partitions move to another host. */
export interface TailHello {
  readonly topics: Readonly<
    Record<string, { readonly owned: readonly number[]; readonly partitions: number }>
  >;
  /** The hosts whose partitions are not shown, and why. Absent between hosts. */
  readonly missing?: readonly { readonly host: string; readonly reason: string }[];
}

/** `sent` and `notShown` count from the start of the stream; together, all that matched or was not compared. */
export interface TailLines {
  readonly lines: readonly TailLine[];
  readonly sent: number;
  readonly notShown: number;
}

const maxHits = 100;
const maxColumns = 50;
export const maxTailTopics = 10;

const size = whole("The number of records.", 1, maxHits).default(maxHits);
const after = z
  .string()
  .transform((given, context) => {
    const cursor = parseCursor(given);
    if (cursor !== null) return cursor;
    context.issues.push({ code: "custom", input: given, message: "must be the `next` of an answer" });
    return z.NEVER;
  })
  .meta({ description: "The `next` of the previous page." })
  .optional();

const tailed = {
  query: z.object({
    topic: list(`1 to ${maxTailTopics} topics.`).refine(
      (topics) => topics.length > 0 && new Set(topics).size <= maxTailTopics,
      `must be given at least once, and at most ${maxTailTopics} times`,
    ),
    q,
    filter: filters,
  }),
  answers: {
    200: text("The events.", "text/event-stream"),
    ...refusals,
    503: refusal("The host is stopping."),
  },
};

export const logs = {
  name: "logs",
  description: "Searching, reading and following the logs.",
  schemas: {
    LogHit: hit,
    LogSearchResult: result,
    LogDocument: wholeDocument,
    LogTooLarge: tooLarge,
    LogSearchRefused: notUnderstood,
    ...fieldSchemas,
    StoredHit: stored,
    FailureSearchResult: failures,
  },
  routes: {
    ...fieldRoutes,
    search: route({
      ...common,
      path: "/logs",
      query: z.object({
        ...filter,
        size,
        after,
        sort: choice(["newest", "oldest"], "Which comes first.").default("newest"),
        histogram: flag("True to add the number of records over time."),
      }),
      summary: "Searches the logs",
      answers: { 200: json("What was found.", result), ...answers },
    }),
    failures: route({
      ...common,
      path: "/logs/failures",
      query: z.object({ ...filter, size }),
      summary: "Searches the failure stores of the topics' data streams, newest refusal first",
      description: "`q` looks into the errors and ids, `from` and `to` are times of refusal.",
      answers: { 200: json("What was found.", failures), ...answers },
    }),
    document: route({
      ...common,
      path: "/logs/document",
      query: z.object({ topic: required("The topic."), id: required("The document's id.") }),
      summary: "One whole document",
      answers: {
        200: json("The document.", wholeDocument),
        ...answers,
        413: refusal("The document exceeds 32 MiB.", tooLarge),
      },
    }),
    export: route({
      ...common,
      path: "/logs/export",
      query: z.object({
        ...filter,
        format: choice(["ndjson", "csv"], "File format.").default("ndjson"),
        column: list(
          "A field as a column of CSV; may be repeated. By default the most frequent fields of the newest records.",
        ).max(maxColumns, `must be given at most ${maxColumns} times`),
      }),
      summary: "The newest 10,000 as a file",
      answers: { 200: text("The file, streamed.", "application/x-ndjson", "text/csv"), ...answers },
    }),
    tail: route({
      ...common,
      ...tailed,
      path: "/logs/tail",
      summary: "Follows the records that all hosts of the group move",
      description:
        "Server-sent events: `hello` (which partitions are shown, which hosts are missing and why), `lines` (200 a second, the rest counted), `ping`.",
    }),
    hostTail: route({
      ...common,
      ...tailed,
      path: "/fleet/tail",
      access: "peer",
      summary: "The part of a live tail that this host tells the others of its group",
      description: "Server-sent events, each with a proof that this host has the same token.",
    }),
  },
} satisfies Subject;
