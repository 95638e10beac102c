import { z } from "zod";
import { outcomeKinds } from "../../../lib/rules/model/record.ts";
import { wholeNumber } from "../kit/route.ts";

/** An event of a live tail between hosts, proved one by one: a stranger could add lines otherwise. */
export const provedEvent = z.object({ body: z.string(), proof: z.string().max(64) });

const line = z.object({
  topic: z.string().max(249),
  partition: wholeNumber,
  offset: wholeNumber,
  timestamp: z.string().max(64).nullable(),
  outcome: z.enum(outcomeKinds),
  text: z.string(),
  cut: z.boolean(),
  bytes: wholeNumber,
});

/** Its body. `number` counts the events of the stream, so that none is left out or repeated. */
export const tailEvent = z.discriminatedUnion("event", [
  z.object({
    number: wholeNumber,
    event: z.literal("hello"),
    data: z.object({
      topics: z.record(z.string(), z.object({ owned: z.array(wholeNumber), partitions: wholeNumber })),
    }),
  }),
  z.object({
    number: wholeNumber,
    event: z.literal("lines"),
    data: z.object({ lines: z.array(line), sent: wholeNumber, notShown: wholeNumber }),
  }),
]);
