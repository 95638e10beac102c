import { z } from "zod";
import type { TopicFailure } from "../../functions/reconcile-topics/apply-plan.ts";
import type { ReconcileResult, SourceReport } from "../../functions/reconcile-topics.ts";
import type { Conflict, ToldExclusion } from "../../lib/rules/declarations/desired.ts";
import type { Plan } from "../../lib/rules/plan/plan.ts";
import { planHashPattern } from "../../lib/rules/plan/plan-hash.ts";
import { fieldChange, refusedSchema } from "./kit/declared.ts";
import { choice, flag } from "./kit/parameters.ts";
import { json, problemMembers, refusal, route, type Subject, wholeNumber } from "./kit/route.ts";
import { sourceRef, specification } from "./topics.ts";

const refused = refusedSchema(sourceRef);

const start = { topic: z.string(), source: sourceRef, spec: specification, reason: z.string() };
export const plan: z.ZodType<Plan> = z.object({
  start: z.array(z.object(start)),
  stop: z.array(z.object({ ...start, source: sourceRef.nullable() })),
  replace: z.array(z.object({ ...start, changes: z.array(fieldChange) })),
  keep: z.array(z.object({ topic: z.string(), reason: z.string().nullable() })),
  pending: z.array(z.object({ topic: z.string(), source: sourceRef, reason: z.string() })),
  refused: z.array(refused),
});

export const conflict: z.ZodType<Conflict> = z.object({
  dataStream: z.string().exactOptional().meta({
    description:
      "The data stream that `topic` shares with a topic of longer retention; absent if both declarations are of one topic.",
  }),
  topic: z.string(),
  winner: sourceRef,
  loser: sourceRef,
  differs: z.array(fieldChange),
});

export const exclusion: z.ZodType<ToldExclusion> = z.object({
  source: sourceRef,
  pattern: z.string(),
  covered: wholeNumber.meta({ description: "The number of Kafka's topics that the pattern covers." }),
  globs: z
    .array(
      z.object({
        glob: z.string(),
        topics: wholeNumber.meta({ description: "The number of topics that it excludes." }),
        first: z.array(z.string()).meta({ description: "Some of them." }),
      }),
    )
    .meta({ description: "In the declared order; a topic counts at the first that matches it." }),
});

const failure: z.ZodType<TopicFailure> = z.object({ topic: z.string(), error: z.string() });

const report = {
  ok: z.boolean(),
  error: z.string().nullable(),
  declarations: wholeNumber.meta({ description: "The number of active declarations from this source." }),
};
const sourceReport: z.ZodType<SourceReport> = z.object(report);

export const reconcileSources: z.ZodType<ReconcileResult["sources"]> = z.object({
  config: sourceReport,
  etcd: z
    .object({ ...report, revision: wholeNumber.nullable() })
    .nullable()
    .meta({ description: "Null if etcd is not configured. The revision is null if it was never read." }),
});

export interface ReconcileAnswer extends Pick<
  ReconcileResult,
  "plan" | "hash" | "conflicts" | "excluded" | "sources" | "failed" | "interrupted" | "durationMs"
> {
  readonly dryRun: boolean;
}

const reconcileAnswer: z.ZodType<ReconcileAnswer> = z.object({
  dryRun: z.boolean(),
  plan,
  hash: z.string().meta({ description: "Identifies the effect of the plan; pass it as `plan`." }),
  conflicts: z.array(conflict),
  excluded: z.array(exclusion),
  sources: reconcileSources,
  failed: z.array(failure),
  interrupted: z.boolean().meta({ description: "True if the next run continues with the rest." }),
  durationMs: z.number(),
});

const planChanged = z.object({ ...problemMembers, hash: z.string() });

const query = z
  .object({
    dryRun: flag("True to return the plan and change nothing."),
    accept: choice(["etcd"], "Accepts etcd's content even if its history changed.").optional(),
    plan: z
      .string()
      .regex(planHashPattern, "must be the hash of a dry run's answer")
      .meta({ description: "A dry run's hash: applies the plan only if it still has the same effect." })
      .optional(),
  })
  .refine(({ dryRun, plan }) => !dryRun || plan === undefined, {
    path: ["plan"],
    error: "must not be given with dryRun=true: a dry run applies no plan",
  });

export const reconcile = {
  name: "reconcile",
  description: "Makes the running topics match the declarations.",
  schemas: {
    FieldChange: fieldChange,
    Refusal: refused,
    Plan: plan,
    Conflict: conflict,
    Exclusion: exclusion,
    TopicFailure: failure,
    SourceReport: sourceReport,
    ReconcileAnswer: reconcileAnswer,
    PlanChanged: planChanged,
  },
  routes: {
    run: route({
      method: "POST",
      path: "/reconcile",
      access: "change-unless-dry",
      query,
      summary: "Reads every source, compares, applies; running it twice equals running it once",
      answers: {
        200: json("What was done, or would be done.", reconcileAnswer),
        400: refusal("A parameter is unknown or invalid."),
        409: refusal("The plan no longer matches the hash; nothing was changed.", planChanged),
        503: refusal("The host is stopping."),
      },
    }),
  },
} satisfies Subject;
