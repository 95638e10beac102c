import { z } from "zod";
import type { HealthChecks, HealthResult, ProgressCheck, SourceHealth } from "../../functions/health.ts";
import { remedySchema } from "./kit/remedy.ts";
import {
  ignored,
  json,
  problemMembers,
  refusal,
  route,
  type Subject,
  text,
  timeText,
  wholeNumber,
} from "./kit/route.ts";

const check = {
  ok: z.boolean(),
  reason: z.string().nullable().meta({ description: "One sentence; null if ok." }),
  since: timeText.nullable().meta({ description: "When this state began; null if unknown." }),
};
const sourceCheck: z.ZodType<SourceHealth> = z.object(check);
const progressCheck: z.ZodType<ProgressCheck> = z.object({
  ...check,
  partitions: z.array(z.string()).meta({
    description: "Every stuck partition, as `topic/partition`. Without a token, `reason` only counts them.",
  }),
  topics: z
    .array(
      z.object({
        topic: z.string(),
        partitions: z.array(wholeNumber),
        since: timeText,
        reason: z.string().nullable(),
        remedy: remedySchema.nullable(),
      }),
    )
    .meta({ description: "The same by topic, and topics that do not run, with their reasons." }),
});
const checks: z.ZodType<HealthChecks> = z.object({
  config: sourceCheck,
  kafka: sourceCheck,
  elasticsearch: sourceCheck,
  etcd: sourceCheck.exactOptional().meta({ description: "Absent if etcd is not configured." }),
  progress: progressCheck,
});
const notReady = z.object({ ...problemMembers, checks });
const health: z.ZodType<HealthResult> = z.object({ status: z.enum(["ready", "not ready"]), checks });

export const probes = {
  name: "probes",
  description: "For orchestrators and Prometheus.",
  schemas: {
    SourceCheck: sourceCheck,
    ProgressCheck: progressCheck,
    Checks: checks,
    Health: health,
    NotReady: notReady,
  },
  routes: {
    health: route({
      method: "GET",
      path: "/healthz",
      access: "open",
      query: ignored,
      summary: "Whether the process is alive",
      answers: { 200: text("It is.", "text/plain") },
    }),
    readiness: route({
      method: "GET",
      path: "/readyz",
      access: "open",
      query: ignored,
      summary: "Whether the host does its work, by the progress of its partitions",
      answers: {
        200: json("Every check is ok. A host without topics is ready.", health),
        503: refusal(
          "Some checks fail. The reasons are given only to callers with a token, if one is set.",
          notReady,
        ),
      },
    }),
    metrics: route({
      method: "GET",
      path: "/metrics",
      access: "metrics",
      query: ignored,
      summary: "Metrics, all named penstock_*",
      description: "Needs no token if `http.openMetrics` is true.",
      answers: { 200: text("Prometheus text.", "text/plain") },
    }),
  },
} satisfies Subject;
