import { z } from "zod";
import { hostStates, type FleetResult, type HostReport } from "../../../functions/fleet/model.ts";
import { topicStates } from "../../../lib/rules/progress/status.ts";
import { ignored, json, refusal, route, type Subject, timeText, wholeNumber } from "../kit/route.ts";

const counts = z.object({
  indexed: wholeNumber,
  duplicate: wholeNumber,
  deadLettered: wholeNumber,
  skipped: wholeNumber,
});
const lag = wholeNumber.nullable();
const rate = z.number().min(0);

const host = z.object({
  name: z.string().meta({ description: "Unique within the answer." }),
  version: z.string().nullable().meta({ description: "Null if the host does not tell the group." }),
  address: z.string().nullable().meta({ description: "Where it answers, as it told the group." }),
  isSelf: z.boolean(),
  startedAt: timeText.nullable(),
  status: z.enum(hostStates).meta({
    description:
      "`away`: it does not answer, or has left the group. `unknown`: it is in the group without an address.",
  }),
  reason: z.string().nullable(),
  since: timeText.nullable().meta({ description: "Since when it is away." }),
  partitions: wholeNumber.meta({ description: "How many the group assigned to it." }),
  rate: rate.nullable().meta({ description: "Records with an outcome per second." }),
  lag: lag.meta({ description: "Of its partitions." }),
  counts: counts.nullable().meta({ description: "Since it started." }),
});

const topic = z.object({
  topic: z.string(),
  state: z
    .enum(topicStates)
    .nullable()
    .meta({ description: "The worst on any host that answers; null if none of them has the topic." }),
  retrying: z.boolean().meta({ description: "Whether it is running there, but its records get no outcome." }),
  reason: z.string().nullable(),
  rate: rate.nullable(),
  lag: lag.meta({ description: "Of the partitions whose hosts answer." }),
  counts: counts.nullable(),
  partitions: z.array(
    z.object({
      partition: wholeNumber,
      host: z.string().nullable().meta({ description: "The name of the host that reads it; null: none." }),
      lag,
    }),
  ),
});

export const fleetResult: z.ZodType<FleetResult> = z.object({
  group: z.string().meta({ description: "`kafka.group`." }),
  problem: z
    .string()
    .nullable()
    .meta({ description: "Why members may be missing or old; null if Kafka was just asked." }),
  hosts: z.array(host).meta({ description: "This host first." }),
  topics: z.array(topic).meta({
    description: "First those with a partition that no host reads, then those in trouble, then by name.",
  }),
  topicCount: wholeNumber.meta({ description: "How many topics fit; `topics` has at most `limit` of them." }),
  totals: z
    .object({ rate, lag, counts })
    .meta({ description: "Of all topics, and of the hosts that answer." }),
});

/** Longer answers are not those of a host. */
const mostTopics = 100_000;
const mostPartitions = 100_000;

/** What a host tells another. Bounded, because a stranger may have answered. */
export const hostReport: z.ZodType<HostReport> = z.object({
  host: z.string().max(64).meta({ description: "Constant while its process runs." }),
  rate,
  lag,
  counts,
  topics: z
    .array(
      z.object({
        topic: z.string().max(249),
        state: z.enum(topicStates),
        retrying: z.boolean().optional(),
        reason: z.string().max(4_000).nullable(),
        rate,
        counts,
        owned: z
          .array(z.tuple([wholeNumber, lag]))
          .max(mostPartitions)
          .meta({ description: "The partitions it reads, each with its lag." }),
      }),
    )
    .max(mostTopics),
});

const limitRule = "must be a whole number from 0 to 100000";

export const fleet = {
  name: "fleet",
  description: "All hosts of the group.",
  schemas: { Fleet: fleetResult, HostReport: hostReport },
  routes: {
    show: route({
      method: "GET",
      path: "/fleet",
      access: "look",
      query: z.object({
        topic: z
          .string()
          .max(249, "must be no longer than a topic's name")
          .default("")
          .meta({ description: "Only topics whose names contain this, whatever the case." }),
        limit: z.coerce
          .number(limitRule)
          .int(limitRule)
          .min(0, limitRule)
          .max(mostTopics, limitRule)
          .default(mostTopics)
          .meta({ description: "At most this many topics; hosts and totals are of all." }),
      }),
      summary: "All hosts of the group, and which of them reads which partition",
      description:
        "Kafka is asked who is in the group and what each host was assigned, and the other hosts for their figures.",
      answers: {
        200: json("The group.", fleetResult),
        400: refusal("An unknown or invalid parameter."),
        429: refusal("Too many requests at once."),
        503: refusal("The host is stopping."),
      },
    }),
    report: route({
      method: "GET",
      path: "/fleet/host",
      access: "peer",
      query: ignored,
      summary: "What this host tells the others of its group",
      description: "Hosts prove to each other that they have the same token, and do not send it.",
      answers: { 200: json("Its figures.", hostReport), 429: refusal("Too many requests at once.") },
    }),
  },
} satisfies Subject;
