import { z } from "zod";
import type { SearchLogsResult } from "../../../../functions/search-logs.ts";
import type { LogHit } from "../../../../lib/rules/search/hits/log-hit.ts";
import {
  type Answer,
  jsonAnswer,
  type Parameter,
  problemAnswer,
  queryParameter,
  ref,
  type Subject,
  timeText,
  wholeNumber,
} from "./operation.ts";
import { problemMembers } from "./problem-schema.ts";

const ignored = z.array(z.string()).meta({
  description:
    "Fields that gave way: kept, and not searchable by their names. Not those with long texts alone.",
});
const document = z.record(z.string(), z.unknown());
const hit: z.ZodType<Omit<LogHit, "documentJson">> = z.object({
  id: z.string(),
  index: z.string(),
  topic: z.string().nullable(),
  partition: wholeNumber.nullable(),
  offset: wholeNumber.nullable(),
  timestamp: timeText.nullable(),
  line: z
    .array(z.tuple([z.string(), z.boolean()]))
    .meta({ description: "The message in pieces; true: it was searched for. 2 KiB at most." }),
  cut: z.boolean(),
  bytes: wholeNumber.nullable().meta({ description: "Of the whole text; null: too long to be fetched." }),
  tags: z.array(z.string()),
  ignored,
  document: document.nullable().meta({ description: "Long strings cut; null: too large." }),
});
const result: z.ZodType<Omit<SearchLogsResult, "hits">> = z.object({
  from: timeText,
  to: timeText,
  tookMs: z.number(),
  complete: z.boolean().meta({ description: "False: something is missing, as `problems` say." }),
  problems: z.array(z.string()),
  total: z.object({ value: wholeNumber, exact: z.boolean() }),
  hits: z.array(hit),
  histogram: z
    .object({ intervalMs: wholeNumber, bars: z.array(z.tuple([z.number(), wholeNumber])) })
    .nullable(),
  next: z.string().nullable().meta({ description: "`after` of the next page; null: this is the last." }),
  newest: timeText
    .nullable()
    .meta({ description: "Of the newest record at any time, where nothing was found." }),
});
const whole = z.object({
  index: z.string(),
  id: z.string(),
  raw: z.string().meta({ description: "As it was written, every digit kept." }),
  bytes: wholeNumber,
  ignored,
});

const topics: Parameter = queryParameter("topic", "Of this topic; may be given again. None: of all.", {
  type: "array",
  items: { type: "string" },
});
const text = queryParameter("q", 'Words, all of them; `"phrase"`, `-not`, `prefix*`. Never an error.', {
  type: "string",
  maxLength: 1024,
});
const filters: readonly Parameter[] = [
  topics,
  text,
  queryParameter("from", "ISO 8601, milliseconds since the epoch, or `now-15m`, which it is by default.", {
    type: "string",
  }),
  queryParameter("to", "The same; by default `now`.", { type: "string" }),
];
const topic = { ...queryParameter("topic", "Its topic.", { type: "string" }), required: true };
const id = { ...queryParameter("id", "Its id.", { type: "string" }), required: true };

const refusals: Readonly<Record<string, Answer>> = {
  400: problemAnswer("A parameter is not as it should be, or the query is too much for Elasticsearch."),
  404: problemAnswer("The topic is not declared, or there is no such document."),
  429: problemAnswer("Too many at once."),
};
const failures: Readonly<Record<string, Answer>> = {
  ...refusals,
  502: problemAnswer("Elasticsearch refused."),
  503: problemAnswer("Elasticsearch does not answer."),
  504: problemAnswer("It took too long."),
};
const file = (type: string) => ({ [type]: { schema: { type: "string" } } });

export const logs: Subject = {
  name: "logs",
  description: "Searching, reading and following the logs.",
  schemas: {
    LogHit: hit,
    LogSearchResult: result,
    LogDocument: whole,
    LogTooLarge: z.object({ ...problemMembers, index: z.string(), id: z.string() }),
  },
  paths: {
    "/logs": {
      get: {
        summary: "Searches the logs, newest first",
        parameters: [
          ...filters,
          queryParameter("size", "How many.", { type: "integer", minimum: 1, maximum: 100 }),
          queryParameter("after", "The `next` of the page before.", { type: "string" }),
          queryParameter("histogram", "True: with how many there are over time.", {
            enum: ["true", "false"],
          }),
        ],
        responses: { 200: jsonAnswer("What was found.", ref("LogSearchResult")), ...failures },
      },
    },
    "/logs/document": {
      get: {
        summary: "One document, whole",
        parameters: [topic, id],
        responses: {
          200: jsonAnswer("The document.", ref("LogDocument")),
          ...failures,
          413: problemAnswer("It is over 32 MiB.", ref("LogTooLarge")),
        },
      },
    },
    "/logs/export": {
      get: {
        summary: "The newest 10,000 as a file",
        parameters: [
          ...filters,
          { ...queryParameter("format", "Of the file.", { enum: ["ndjson", "csv"] }), required: true },
        ],
        responses: {
          200: {
            description: "The file, as it is read.",
            content: { ...file("application/x-ndjson"), ...file("text/csv") },
          },
          ...failures,
        },
      },
    },
    "/logs/tail": {
      get: {
        summary: "What this host moves, as it does",
        description:
          "Server-sent events: `hello`, `lines` with what is not shown beyond 200 a second, `ping`.",
        parameters: [{ ...topics, description: "1 to 10 topics.", required: true }, text],
        responses: {
          200: { description: "The events.", content: file("text/event-stream") },
          ...refusals,
          503: problemAnswer("The host is stopping."),
        },
      },
    },
  },
};
