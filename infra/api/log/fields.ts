import { z } from "zod";
import type { LogFieldsResult } from "../../../functions/log-fields.ts";
import type { StoredTopics } from "../../../functions/search-logs/stored-topics.ts";
import { json, route, timeText, wholeNumber } from "../kit/route.ts";
import { answers, common, filter } from "./parts.ts";

const field = z.object({
  name: z.string(),
  types: z.array(z.string()).meta({ description: "How the indices map it." }),
  documents: wholeNumber.meta({ description: "Of those counted, how many have the field." }),
  values: z
    .array(z.object({ value: z.string(), documents: wholeNumber }))
    .nullable()
    .meta({ description: "The most frequent; null if Elasticsearch cannot count values of such a type." }),
});
const fields: z.ZodType<LogFieldsResult> = z.object({
  from: timeText,
  to: timeText,
  documents: wholeNumber.meta({ description: "How many were counted; at most 10,000 of each shard." }),
  fields: z.array(field).meta({ description: "Those of the newest records, the most frequent first." }),
  problems: z.array(z.string()),
});
const storedTopics: z.ZodType<StoredTopics> = z.object({
  undeclared: z.array(z.string()).meta({ description: "Topics with records that nobody declares any more." }),
  problems: z.array(z.string()),
});

export type LogFields = z.infer<typeof fields>;
export type LogTopics = z.infer<typeof storedTopics>;
export const fieldSchemas = { LogFields: fields, LogTopics: storedTopics };

/** What there is to search for. */
export const fieldRoutes = {
  fields: route({
    ...common,
    path: "/logs/fields",
    query: z.object(filter),
    summary: "The fields of what a search finds, with their most frequent values",
    answers: { 200: json("The fields.", fields), ...answers },
  }),
  storedTopics: route({
    ...common,
    path: "/logs/topics",
    query: z.object({}),
    summary: "Topics that are not declared, but have records in Elasticsearch",
    answers: { 200: json("Their names.", storedTopics), ...answers },
  }),
};
