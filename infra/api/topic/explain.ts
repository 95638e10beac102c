import { z } from "zod";
import type { Explanation } from "../../../lib/rules/explanation/explanation.ts";
import { AREAS, type Check } from "../../../lib/rules/diagnosis/check.ts";
import type { SourceRef } from "../../../lib/rules/model/declaration.ts";
import type { ListedTopic } from "../../../lib/rules/progress/holdings.ts";
import { fieldChange, refusedSchema } from "../kit/declared.ts";
import { ownerSchema } from "../kit/owner.ts";
import { remedySchema } from "../kit/remedy.ts";
import { json, none, refusal, retryAfter, route, timeText, wholeNumber } from "../kit/route.ts";

const check: z.ZodType<Check> = z.object({
  area: z.enum(AREAS),
  name: z.string(),
  state: z.enum(["ok", "warning", "failed", "skipped"]),
  seen: z.string(),
  remedy: z.string().nullable(),
  command: z.string().exactOptional(),
});

const time = z.number().nullable();

/** The schemas of which an explanation consists. */
export interface ExplainParts {
  readonly status: z.ZodType<ListedTopic>;
  readonly source: z.ZodType<SourceRef>;
}

export function explanationSchema({ status, source }: ExplainParts): z.ZodType<Explanation> {
  return z.object({
    topic: z.string(),
    at: timeText.meta({ description: "When the servers were asked." }),
    says: z.string().meta({ description: "One sentence: how it fares, and why." }),
    remedy: remedySchema.nullable().meta({ description: "What would mend it." }),
    declared: z
      .array(z.object({ source, wins: z.boolean(), differs: z.array(fieldChange) }))
      .meta({ description: "Every declaration of it, the winner first; what each says otherwise." }),
    refused: z.array(refusedSchema(source)),
    settings: z
      .array(
        z.object({
          name: z.string(),
          value: z.union([z.string(), z.boolean(), z.array(z.string())]).nullable(),
          from: z.string().nullable().meta({ description: "The place; null for the default." }),
        }),
      )
      .meta({ description: "Empty if nothing declares it." }),
    inKafka: z.boolean().nullable().meta({ description: "Null if Kafka did not say." }),
    partitions: z.array(
      z.object({
        partition: wholeNumber,
        start: wholeNumber.meta({ description: "The first offset that Kafka still has." }),
        end: wholeNumber,
        committed: wholeNumber.nullable(),
        lag: wholeNumber.nullable(),
        owned: z.boolean().nullable().meta({ description: "Whether the host that was asked reads it." }),
        owner: ownerSchema.nullable().optional().meta({
          description: "The host that reads it; null: none does. Absent if the group did not say within 4 s.",
        }),
      }),
    ),
    deadline: z.object({ oldestAt: time, deletableAt: time }).nullable().meta({
      description:
        "When the oldest record that waits was written, and when Kafka may delete it (null: unknown); null if none waits.",
    }),
    deadLetters: z
      .object({ letters: wholeNumber, complete: z.boolean() })
      .nullable()
      .meta({ description: "Its dead letters, replayed or not; null if they could not be read." }),
    status: status
      .nullable()
      .meta({ description: "As in GET /topics; null if this host has no such topic." }),
    checks: z.array(check).meta({ description: "Those of `doctor`, of this topic alone." }),
  });
}

export function explainRoute(explanation: z.ZodType<Explanation>) {
  return route({
    method: "GET",
    path: "/topics/:topic/explain",
    access: "look",
    params: { topic: "A topic, declared or not." },
    query: none,
    summary: "Everything that is known about one topic, and what would mend it",
    description:
      "Asks Kafka and Elasticsearch: where it is declared and which setting comes from where, its partitions and positions, when Kafka deletes what waits, its target, its dead letters. Takes some seconds, at most half a minute.",
    answers: {
      200: json("What was not answered is null or missing, and a check says so.", explanation),
      403: refusal("The topic is Kafka's own, or not declared, and the token is the read-only one."),
      503: { ...refusal("The host is stopping."), headers: retryAfter },
    },
  });
}
