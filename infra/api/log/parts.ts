import { z } from "zod";
import type { PenstockError } from "../../../lib/rules/base/errors.ts";
import { maxSearchLength } from "../../../lib/rules/search/grammar/limits.ts";
import { list, optional } from "../kit/parameters.ts";
import {
  type Answer,
  type FailureStatus,
  problemMembers,
  refusal,
  retryAfter,
  wholeNumber,
} from "../kit/route.ts";

/** Parameters, refusals and failures that the routes of logs have in common. */

const maxFilters = 20;

const topic = list("Only this topic; may be repeated. All topics if absent.");
/** Of `parseLogFilter` and `parseTailFilter`. */
const limits = `at most ${maxSearchLength} characters, and 32 tests of fields (a live tail: 32 words, phrases and tests)`;
export const q = optional(
  `Words that must all match; also \`"phrase"\`, \`prefix*\`, \`-not\`, \`NOT\`, \`AND\`, \`OR\`, parentheses, and fields: \`status >= 500\`. With all \`filter\`, ${limits}.`,
);
export const filters = z
  .array(z.string())
  .max(maxFilters, `must be given at most ${maxFilters} times`)
  .meta({ description: `Like \`q\`, and must match too; may be repeated. With \`q\`, ${limits}.` });
/** What to search for, in which time. */
export const filter = {
  topic,
  q,
  filter: filters,
  from: optional(
    "ISO 8601, milliseconds since the epoch, or relative, such as `15m` or `now-15m`, the default.",
  ),
  to: optional("As `from`; by default `now`."),
};
/** Of the text of a search. */
export const part = z.object({ at: wholeNumber, text: z.string() });
export const notUnderstood = z
  .looseObject({
    ...problemMembers,
    part: part.optional().meta({ description: "What is not understood, and its place in `q` or `filter`." }),
    instead: z.array(z.string()).optional().meta({ description: "What may stand in its place." }),
  })
  .meta({ description: "A search that is not understood says which part." });
export const refusals: Readonly<Record<number, Answer>> = {
  400: refusal(
    "A parameter is invalid, a part of the search is not understood, or Elasticsearch rejects it.",
    notUnderstood,
  ),
  404: refusal("The topic is not declared, or there is no such document."),
  429: refusal("Too many requests at once."),
};
export const answers = {
  ...refusals,
  502: refusal("Elasticsearch refuses the request."),
  503: { ...refusal("Elasticsearch does not answer."), headers: retryAfter },
  504: refusal("Elasticsearch took too long."),
};
const statuses: Readonly<Partial<Record<PenstockError["code"], FailureStatus>>> = {
  elasticsearch_refused: 502,
  elasticsearch_unavailable: 503,
  deadline_exceeded: 504,
};
/** Shared by every route that reads logs. */
export const common = {
  method: "GET",
  access: "look",
  failure: ({ code }: PenstockError) => statuses[code] ?? null,
} as const;
