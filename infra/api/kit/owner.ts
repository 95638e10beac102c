import { z } from "zod";
import type { PartitionOwner } from "../../../lib/rules/group/roster.ts";

/** The host that reads a partition. */
export const ownerSchema: z.ZodType<PartitionOwner> = z.object({
  name: z.string().meta({ description: "As in `GET /fleet`." }),
  address: z.string().nullable().meta({ description: "Null if it tells the group none." }),
});
