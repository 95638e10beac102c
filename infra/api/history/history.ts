import { z } from "zod";
import { topicName } from "../../../lib/rules/config/scalars.ts";
import { type HistoryEvent, historyKinds, type HistoryKind } from "../../../lib/rules/history/event.ts";
import type { PastSeries } from "../../../lib/rules/history/series-store.ts";
import { choice, optional } from "../kit/parameters.ts";
import { json, refusal, route, type Subject, wholeNumber } from "../kit/route.ts";

const event: z.ZodType<HistoryEvent> = z.object({
  at: z.number().meta({ description: "Milliseconds since the epoch." }),
  host: z.string().meta({ description: "The machine that told it." }),
  kind: z.enum(historyKinds),
  topics: z.array(z.string()).meta({ description: "Empty: it concerns the host, or a pattern." }),
  more: z.boolean().meta({ description: "Whether it concerns more topics than it names." }),
  text: z.string().meta({ description: "The message of the host's log line." }),
  fields: z.record(z.string(), z.unknown()).meta({ description: "The fields of that line, shortened." }),
});

const problem = z
  .string()
  .nullable()
  .meta({ description: "One sentence if something may be missing; null if nothing is." });

/** Events, newest first. */
export interface HistoryAnswer {
  readonly events: readonly HistoryEvent[];
  /** The `to` of the next page; null on the last one. */
  readonly next: string | null;
  readonly problem: string | null;
}
const answer: z.ZodType<HistoryAnswer> = z.object({
  events: z.array(event).meta({ description: "Newest first, of all hosts of the group." }),
  next: z.string().nullable().meta({ description: "The `to` of the next page; null on the last one." }),
  problem,
});

const steps = z.array(wholeNumber.nullable());
/** Figures in equal steps. */
export type SeriesAnswer = PastSeries & { readonly problem: string | null };
const series: z.ZodType<SeriesAnswer> = z.object({
  from: z.number().meta({ description: "When the first step began; milliseconds since the epoch." }),
  stepMs: wholeNumber,
  lag: steps.meta({ description: "At the end of a step of one minute; the highest of a longer one." }),
  indexed: steps.meta({ description: "Records; null where no host told anything." }),
  duplicate: steps,
  deadLettered: steps,
  skipped: steps,
  problem,
});

export const historySpans = { "1h": 3_600_000, "6h": 21_600_000, "24h": 86_400_000, "7d": 604_800_000 };
export type HistorySpan = keyof typeof historySpans;

/** Of one answer. */
export const historyPageSize = 200;

const topic = topicName.meta({ description: "Only this topic." }).optional();
const limits = {
  400: refusal("A parameter is unknown or invalid."),
  429: refusal("Too many requests at once."),
};
const kinds = z
  .string()
  .transform((given, context): readonly HistoryKind[] => {
    const known = historyKinds.filter((kind) => given.split(",").includes(kind));
    if (known.length === given.split(",").length) return known;
    const message = `must be one or several of ${historyKinds.join(", ")}, separated by commas`;
    context.issues.push({ code: "custom", input: given, message });
    return z.NEVER;
  })
  .meta({ description: `Only these kinds, separated by commas: ${historyKinds.join(", ")}.` })
  .optional();

export const history = {
  name: "history",
  description: "What happened on all hosts of the group, and their figures of the last days.",
  schemas: { HistoryEvent: event, HistoryAnswer: answer, SeriesAnswer: series },
  routes: {
    events: route({
      method: "GET",
      path: "/history",
      access: "look",
      query: z.object({
        topic,
        kinds,
        from: optional(
          "ISO 8601, milliseconds since the epoch, or relative, such as `24h` or `now-24h`, the default.",
        ),
        to: optional("As `from`, itself excluded; by default everything up to now."),
      }),
      summary: "What happened, newest first",
      description: `At most ${historyPageSize} events, and all of the same millisecond as the last one.`,
      answers: { 200: json("The events.", answer), ...limits },
    }),
    series: route({
      method: "GET",
      path: "/history/series",
      access: "look",
      query: z.object({
        topic,
        span: choice(["1h", "6h", "24h", "7d"], "How far back, until now.").default("24h"),
      }),
      summary: "Lag and outcomes of one topic or of all, added up over all hosts",
      description: "In steps of one minute up to 6 h, and of ten minutes above.",
      answers: { 200: json("The figures.", series), ...limits },
    }),
  },
} satisfies Subject;
