import { z } from "zod";
import type { HoldResult } from "../../../functions/hold-topics.ts";
import { type Hold, maxBy, maxReason } from "../../../lib/rules/progress/hold.ts";
import { checked } from "../kit/parameters.ts";
import { json, problemMembers, refusal, route, timeText, wholeNumber } from "../kit/route.ts";

export const hold: z.ZodType<Hold> = z.object({
  from: z.enum(["declaration", "order"]),
  by: z.string().meta({ description: "Who: a person, a client, or the place of the declaration." }),
  since: timeText.meta({ description: "Of a declaration: since this host has known it." }),
  reason: z.string().nullable(),
});

const members = {
  topic: z.string(),
  action: z.enum(["held", "released", "unchanged", "undeclared", "refused", "superseded"]),
  message: z.string(),
  hold: hold.nullable().meta({ description: "What holds it now; null if nothing does." }),
  waiting: z
    .array(wholeNumber)
    .meta({ description: "The partitions whose hosts do not follow the order yet." }),
  hosts: wholeNumber.nullable().meta({ description: "How many hosts there are; null: at least one." }),
};
export const holdResult: z.ZodType<HoldResult> = z.object(members);

const shortText = (most: number, description: string) =>
  z
    .string("must be a string")
    .max(most, `must have at most ${most} characters`)
    .transform((value) => value.trim())
    .optional()
    .meta({ description });
/** Who gives an order; empty is as if it were absent. */
export const by = shortText(maxBy, "Who. Default: the client's address.");
const releaseWords = z.object({ by });
const holdWords = releaseWords.extend({
  reason: shortText(maxReason, "Why, for whoever sees the topic held."),
});
/** @param schema of the members that may be given */
const bodyOf = (schema: typeof holdWords | typeof releaseWords) => ({
  schema,
  whenEmpty: {},
  parse: (given: Readonly<Record<string, unknown>>): z.output<typeof holdWords> => checked(schema, given),
});

const refused = z.object({ ...problemMembers, ...members });
const params = { topic: "Its name." };
const answers = {
  200: json("What was done; `unchanged` if there was nothing to do.", holdResult),
  400: refusal("The body has an unknown or invalid member."),
  404: refusal("No source declares the topic.", refused),
  409: refusal(
    "The topic does not exist in Kafka, Kafka forbids the order, its declaration holds the topic, or somebody gave another order meanwhile.",
    refused,
  ),
  415: refusal("The body is not declared as application/json."),
  503: refusal("Kafka does not answer, or the host is stopping."),
};
const common = {
  method: "POST",
  access: "change",
  params,
  query: z.object({}),
  failure: () => 503 as const,
  answers,
} as const;

/** Orders that a topic is not read, or is read again. */
export const holdRoutes = {
  hold: route({
    ...common,
    body: bodyOf(holdWords),
    path: "/topics/:topic/hold",
    summary: "Reads nothing more of the topic, on all hosts; its position stays, and its lag stays true",
    description:
      "What is in flight is finished and committed. The order is kept in Kafka until the topic is released, also across restarts.",
  }),
  release: route({
    ...common,
    body: bodyOf(releaseWords),
    path: "/topics/:topic/release",
    summary: "Reads the topic again where it was held",
    description: "Withdraws the order to hold it. `hold: true` in a declaration is removed there.",
  }),
};
