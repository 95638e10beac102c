import { z } from "zod";
import type {
  HealthChecks,
  HealthResult,
  ProgressCheck,
  SourceHealth,
} from "../../../../functions/health.ts";
import { jsonAnswer, problemAnswer, ref, type Subject, timeText, wholeNumber } from "./operation.ts";
import { problemMembers } from "./problem-schema.ts";

const check = {
  ok: z.boolean(),
  reason: z.string().nullable().meta({ description: "One sentence where it is not ok." }),
  since: timeText.nullable().meta({ description: "When it became so; null: not known." }),
};
const sourceCheck: z.ZodType<SourceHealth> = z.object(check);
const progressCheck: z.ZodType<ProgressCheck> = z.object({
  ...check,
  partitions: z.array(z.string()).meta({
    description: "Every stuck partition, as `topic/partition`. To strangers `reason` only counts them.",
  }),
  topics: z
    .array(
      z.object({
        topic: z.string(),
        partitions: z.array(wholeNumber),
        since: timeText,
        reason: z.string().nullable(),
      }),
    )
    .meta({ description: "The same by topic, with what the topic says of itself." }),
});
const checks: z.ZodType<HealthChecks> = z.object({
  config: sourceCheck,
  kafka: sourceCheck,
  elasticsearch: sourceCheck,
  etcd: sourceCheck.exactOptional().meta({ description: "Absent where etcd is not configured." }),
  progress: progressCheck,
});
const health: z.ZodType<HealthResult> = z.object({ status: z.enum(["ready", "not ready"]), checks });

export const probes: Subject = {
  name: "probes",
  description: "For orchestrators and Prometheus.",
  schemas: {
    SourceCheck: sourceCheck,
    ProgressCheck: progressCheck,
    Checks: checks,
    Health: health,
    NotReady: z.object({ ...problemMembers, checks }),
  },
  paths: {
    "/healthz": {
      get: {
        summary: "Whether the process lives",
        security: [],
        responses: {
          200: { description: "It does.", content: { "text/plain": { schema: { type: "string" } } } },
        },
      },
    },
    "/readyz": {
      get: {
        summary: "Whether the host does its work, by the progress of its partitions",
        security: [],
        responses: {
          200: jsonAnswer("Every check is ok. Without any topic there is no work to do.", ref("Health")),
          503: problemAnswer(
            "Some checks fail; each says why, where a token is set only to whoever sends it.",
            ref("NotReady"),
          ),
        },
      },
    },
    "/metrics": {
      get: {
        summary: "Metrics, all named penstock_*",
        description: "Needs no token where `http.openMetrics` is true.",
        responses: {
          200: {
            description: "Prometheus text.",
            content: { "text/plain": { schema: { type: "string" } } },
          },
        },
      },
    },
  },
};
