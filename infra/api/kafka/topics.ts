import { z } from "zod";
import type { ListKafkaTopicsResult } from "../../../functions/list-kafka-topics.ts";
import { flag, optional } from "../kit/parameters.ts";
import { json, route, wholeNumber } from "../kit/route.ts";
import { kafkaFailure, kafkaRefusals } from "./records.ts";

export const kafkaTopics: z.ZodType<ListKafkaTopicsResult> = z.object({
  total: wholeNumber.meta({ description: "Of the whole cluster, without Kafka's own." }),
  undeclared: wholeNumber,
  found: wholeNumber.meta({ description: "How many match." }),
  topics: z
    .array(
      z.object({
        topic: z.string(),
        partitions: wholeNumber,
        declared: z.boolean(),
        own: z.boolean().meta({ description: "Penstock writes it itself: dead letters, or a history." }),
        records: wholeNumber.nullable().meta({ description: "At most so many; null: not known now." }),
      }),
    )
    .meta({ description: "The first 200, those that nobody declared before the others." }),
});

/** What Kafka has. */
export const kafkaTopicRoutes = {
  topics: route({
    method: "GET",
    path: "/kafka/topics",
    access: "look",
    query: z.object({
      q: optional("Only names that contain this."),
      undeclared: flag("True to leave out declared topics."),
    }),
    failure: kafkaFailure,
    summary: "The topics of the cluster, declared or not",
    answers: { 200: json("The topics.", kafkaTopics), ...kafkaRefusals },
  }),
};
