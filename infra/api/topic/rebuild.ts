import { type ErrorCode, usage } from "../../../lib/rules/base/errors.ts";
import { z } from "zod";
import {
  type RebuildAction,
  rebuildActions,
  type RebuildTopicInput,
  type RebuildTopicResult,
} from "../../../functions/rebuild-topic.ts";
import type { OutcomeCounts } from "../../../lib/rules/progress/status.ts";
import { type RebuildStatus, rebuildStates } from "../../../lib/rules/rebuild/rebuild-status.ts";
import { checked, choice, optional } from "../kit/parameters.ts";
import {
  type FailureStatus,
  json,
  none,
  refusal,
  retryAfter,
  route,
  timeText,
  wholeNumber,
} from "../kit/route.ts";
import { by } from "./hold.ts";

/** @param counts the schema of records by outcome */
export function rebuildStatusSchema(counts: z.ZodType<OutcomeCounts>): z.ZodType<RebuildStatus> {
  return z.object({
    index: z.string().meta({ description: "The new index." }),
    old: z.string().meta({ description: "The index that the topic was written to before." }),
    alias: z
      .string()
      .nullable()
      .meta({ description: "The alias to swap; null if the topic declares its index itself." }),
    state: z.enum(rebuildStates),
    reason: z.string().nullable(),
    by: z.string(),
    since: timeText,
    done: wholeNumber.meta({ description: "Offsets that have an outcome." }),
    total: wholeNumber.nullable(),
    percent: wholeNumber.nullable(),
    rate: wholeNumber.nullable().meta({ description: "Offsets a second, over the last minute." }),
    secondsLeft: wholeNumber.nullable().meta({ description: "Null if unknown or caught up." }),
    counts,
    lost: wholeNumber.meta({ description: "Offsets that Kafka deleted before they were read." }),
    partitions: z.array(
      z.object({
        partition: wholeNumber,
        start: wholeNumber,
        next: wholeNumber.meta({ description: "All records below have an outcome." }),
        end: wholeNumber.nullable(),
      }),
    ),
  });
}

const request = z.object({
  index: optional("The new index: begins a rebuild."),
  action: choice(rebuildActions, "What to do with a rebuild; `begin` if `index` is given.").optional(),
  force: z
    .boolean("must be true or false")
    .meta({
      description:
        "Begins although Kafka no longer has all records or another topic is written to the live index, swaps before the new index has caught up.",
    })
    .optional(),
  by,
});

/** What to do, without the topic. `by` is empty if not given. */
export type RebuildWords = Omit<RebuildTopicInput, "topic">;

/** @throws PenstockError `usage` */
export function parseRebuild(members: Readonly<Record<string, unknown>>): RebuildWords {
  const { index = null, action, force = false, by: who = "" } = checked(request, members);
  const wanted: RebuildAction | null = action ?? (index === null ? null : "begin");
  if (wanted === null) throw usage("index is missing (to begin a rebuild), or action");
  return { action: wanted, index, force, by: who };
}

const statuses: Readonly<Partial<Record<ErrorCode, FailureStatus>>> = {
  topic_missing: 404,
  deadline_exceeded: 504,
};

/** @param status the schema of a rebuild's state */
export function rebuildRoute(status: z.ZodType<RebuildStatus>) {
  const result: z.ZodType<RebuildTopicResult> = z.object({
    message: z.string().meta({ description: "What was done, and what is to be done next." }),
    status: status.nullable().meta({ description: "Null if the rebuild has ended." }),
  });
  return route({
    method: "POST",
    path: "/topics/:topic/rebuild",
    access: "change",
    params: { topic: "A topic that a host declares." },
    query: none,
    body: { schema: request, parse: parseRebuild },
    failure: ({ code, retryable }) => statuses[code] ?? (retryable ? 503 : 502),
    summary: "Rebuilds a topic into another index, and swaps the two",
    description:
      "Reads the topic from its start into a new index, beside the live one and at low priority. GET /topics shows how far it is. A swap makes the new index the live one, in one step if the topic is written to an alias.",
    answers: {
      200: json("It was done.", result),
      400: refusal("The request is incomplete, or does not fit the topic or its rebuild: says why."),
      404: refusal("No source declares the topic, or Kafka does not have it."),
      415: refusal("The body is not declared as application/json."),
      429: refusal("Too many orders at once."),
      502: refusal("Kafka or Elasticsearch refuses it."),
      503: {
        ...refusal("Kafka or Elasticsearch does not answer, or the host is stopping."),
        headers: retryAfter,
      },
      504: refusal(
        "Hosts do not carry it out in time: a rebuild begins later, any other step has to be ordered again.",
      ),
    },
  });
}
