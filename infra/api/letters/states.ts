import { z } from "zod";
import {
  letterStates,
  type LetterGroup,
  type StateCounts,
} from "../../../lib/rules/dead-letters/letter-state.ts";
import type { LettersLeft } from "../../../functions/letters-left.ts";
import type { MendRequest } from "../../../lib/rules/mending/proposal.ts";
import { topicName } from "../../../lib/rules/config/scalars.ts";
import { isResolvedIndex } from "../../../lib/rules/model/names.ts";
import { required, optional } from "../kit/parameters.ts";
import { wholeNumber } from "../kit/route.ts";

/** Dead letters by what became of their records. */
export const stateCounts: z.ZodType<StateCounts> = z
  .object({ open: wholeNumber, resolved: wholeNumber, unknown: wholeNumber })
  .meta({
    description:
      "`resolved`: an index has the record's document. `open`: none has. `unknown`: it was not looked up.",
  });
export const statesProblems = z
  .array(z.string())
  .meta({ description: "Why some are unknown, or counted as open although an index may have them." });
export const letterState = z.enum(letterStates);

export const lettersLeft: z.ZodType<LettersLeft> = z.object({
  states: stateCounts,
  statesProblems,
  byIndex: z
    .array(z.object({ index: z.string(), letters: wholeNumber }))
    .meta({ description: "Resolved letters by the index that has their records." }),
  complete: z.boolean().meta({ description: "False if there may be letters that were not read." }),
});

/** A request to Elasticsearch. */
export const mendRequest: z.ZodType<MendRequest> = z.object({
  method: z.enum(["PUT", "POST"]),
  path: z.string(),
  body: z.record(z.string(), z.unknown()),
});

/** What makes letters one group, as members of an answer. */
export const groupMembers = {
  topic: z.string(),
  index: z.string().meta({ description: "The index that refused them." }),
  field: z.string().nullable().meta({ description: "Null if the reason names no field." }),
  error: z.string().meta({ description: "The error's type." }),
};

/** Names a group, in a query or in a body. */
export const groupWords = {
  topic: topicName.meta({ description: "The topic of the records." }),
  // Letters of other names do not exist, and Elasticsearch would take `*` and `_search` for something else.
  index: required("The index that refused them.").refine(
    isResolvedIndex,
    "is not an Elasticsearch index name",
  ),
  error: required("The error's type."),
  field: optional("The field that the reason names; absent: it names none."),
};

/** The group that somebody named. */
export function namedGroup({
  topic,
  index,
  error,
  field = null,
}: {
  readonly topic: string;
  readonly index: string;
  readonly error: string;
  readonly field?: string | null | undefined;
}): LetterGroup {
  return { topic, index, field, error };
}
