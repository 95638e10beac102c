import { z } from "zod";

/** The members that `problem` gives every error answer. */
export const problemMembers = {
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: "A sentence for a person." }),
  instance: z.string().meta({ description: "The path that was asked." }),
};

export const problemSchema = z
  .looseObject(problemMembers)
  .meta({ description: "Problem details (RFC 9457); some answers have members of their own." });
