import { z } from "zod";
import type { Refusal, SourceRef } from "../../../lib/rules/model/declaration.ts";
import type { FieldChange } from "../../../lib/rules/model/specification.ts";
import { wholeNumber } from "./route.ts";

export const fieldChange: z.ZodType<FieldChange> = z.object({
  field: z.string(),
  from: z.unknown(),
  to: z.unknown(),
});

/** The schema of a refused declaration. */
export function refusedSchema(sourceRef: z.ZodType<SourceRef>): z.ZodType<Refusal> {
  return z.object({
    source: z.union([
      sourceRef,
      z
        .object({ kind: z.enum(["config", "etcd"]), name: z.string(), revision: wholeNumber.nullable() })
        .meta({ description: "A whole source." }),
    ]),
    name: z.string().nullable(),
    reason: z.string(),
    lastGoodKept: z.boolean().meta({ description: "True if its last valid version is still active." }),
  });
}
