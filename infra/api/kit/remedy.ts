import { z } from "zod";
import type { Remedy } from "../../../lib/rules/remedies/remedy.ts";

export const remedySchema: z.ZodType<Remedy> = z.object({
  do: z.string().meta({ description: "A sentence." }),
  command: z.string().nullable().meta({
    description:
      "A request as in Kibana's console, or a shell command, with the real names; null if none would mend it.",
  }),
});
