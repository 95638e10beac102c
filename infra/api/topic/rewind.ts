import { z } from "zod";
import type { RewindResult } from "../../../functions/rewind-topic.ts";
import { parseRewindTarget } from "../../../lib/rules/offsets/rewind.ts";
import { checked } from "../kit/parameters.ts";
import { json, none, problemMembers, refusal, route, wholeNumber } from "../kit/route.ts";

const members = {
  topic: z.string(),
  action: z.enum(["planned", "refused", "unchanged", "moved", "waiting", "superseded"]).meta({
    description:
      "`waiting`: not all partitions have moved yet; they will, as soon as the hosts that own them can. `superseded`: another rewind took its place.",
  }),
  message: z.string(),
  partitions: z.array(
    z.object({ partition: wholeNumber, from: wholeNumber, to: wholeNumber, records: wholeNumber }).meta({
      description: "`records` are read again or, if it goes forward, skipped: at most so many.",
    }),
  ),
  again: wholeNumber,
  skipped: wholeNumber,
  waiting: z.array(wholeNumber).meta({ description: "The partitions that have not moved yet." }),
};
export const rewindResult: z.ZodType<RewindResult> = z.object(members);
const refused = z.object({ ...problemMembers, ...members });

const flag = (description: string) => z.boolean("must be true or false").default(false).meta({ description });
const bodyWords = z.object({
  to: z
    .union(
      [z.string(), wholeNumber, z.record(z.string(), wholeNumber)],
      "is neither a text, an offset nor offsets by partition",
    )
    .meta({
      description:
        '`earliest`, `latest`, a time (`2026-11-28T10:00:00Z`), an age (`-2h`), an offset, or offsets by partition (`{ "0": 17 }`).',
    }),
  partition: wholeNumber.optional().meta({ description: "Only this one." }),
  dryRun: flag("True: only says what would happen."),
});

/** Moves a topic's position. */
export const rewindRoutes = {
  rewind: route({
    method: "POST",
    path: "/topics/:topic/rewind",
    access: "change",
    params: { topic: "Its name." },
    query: none,
    body: {
      schema: bodyWords,
      parse(given) {
        const { to, ...rest } = checked(bodyWords, given);
        return { ...rest, to: parseRewindTarget(to) };
      },
    },
    failure: ({ code }) => (code === "topic_missing" ? 404 : 503),
    summary: "Moves the position of the topic's group, while hosts run: to a time, an offset or an end",
    description:
      "The answer comes when all partitions have moved, after 30 s at the latest. What is in the index already counts as a duplicate.",
    answers: {
      200: json("What was done, or would be done.", rewindResult),
      202: json("Ordered, but not all partitions have moved yet.", rewindResult),
      400: refusal(
        "A member is unknown or invalid, a time is in the future, an offset is not in Kafka, or records have no timestamps.",
      ),
      404: refusal("No source declares the topic, or Kafka does not have it."),
      409: refusal("It is being rebuilt, or is on its way to another position.", refused),
      415: refusal("The body is not declared as application/json."),
      503: refusal("Kafka does not answer, refuses, or the host is stopping."),
    },
  }),
};
