import { z } from "zod";
import {
  type ListedLetter,
  type ListedLetters,
  maxLetterPages,
} from "../../../functions/list-dead-letters.ts";
import { type LetterBytes, maxShownBytes, type WholeLetter } from "../../../functions/read-dead-letter.ts";
import { choice } from "../kit/parameters.ts";
import { json, refusal, none, route, type Subject, timeText, wholeNumber } from "../kit/route.ts";
import { groupMembers, groupWords, letterState, stateCounts, statesProblems } from "./states.ts";

const standing = {
  state: letterState,
  heldBy: z
    .string()
    .nullable()
    .meta({ description: "The index that has the record's document, if any has." }),
};
const about = {
  ...standing,
  partition: wholeNumber,
  offset: wholeNumber.meta({ description: "Of the record in its own topic." }),
  timestamp: z
    .int()
    .nullable()
    .meta({ description: "Milliseconds since 1970; null if the record has none." }),
  failedAt: timeText,
  attempts: wholeNumber,
  reason: z.string(),
  records: wholeNumber.meta({ description: "More than one only for a whole record batch." }),
};
const listedLetter: z.ZodType<ListedLetter> = z.object({
  ...about,
  at: z
    .object({ partition: wholeNumber, offset: wholeNumber })
    .meta({ description: "Where the letter lies in the dead-letter topic." }),
  key: z.string().nullable().meta({ description: "Its first 200 characters." }),
  value: z.string().nullable().meta({ description: "Its first 200 characters." }),
  valueOmitted: z.boolean().meta({ description: "True if the value was too large for the letter." }),
});
const listedLetters: z.ZodType<ListedLetters> = z.object({
  states: stateCounts,
  statesProblems,
  letters: z.array(listedLetter).meta({ description: "The newest first." }),
  pages: wholeNumber,
  truncated: z.boolean().meta({ description: "True if there may be more letters than were read." }),
});
const letterBytes: z.ZodType<LetterBytes> = z.object({
  bytes: wholeNumber,
  base64: z.string().meta({ description: `The first ${maxShownBytes / 1024} KiB.` }),
});
const wholeLetter: z.ZodType<WholeLetter> = z.object({
  ...groupMembers,
  ...about,
  status: wholeNumber.meta({ description: "Elasticsearch's." }),
  key: letterBytes.nullable(),
  value: letterBytes.nullable(),
  headers: z.array(z.object({ name: z.string(), value: letterBytes.nullable() })),
  bytesOf: z.enum(["letter", "topic", "lost"]).meta({
    description:
      "`topic`: the value was too large for the letter, and comes from the record's own topic. `lost`: it is no longer there either.",
  }),
});
const pageRule = `must be a whole number from 1 to ${maxLetterPages}`;

const unreachable = {
  429: refusal("Too many requests at once."),
  503: refusal("Kafka does not answer or refuses the request, or the host is stopping."),
};

/** Dead letters one by one. */
export const letters = {
  name: "letters",
  description: "Dead letters one by one, as they lie in Kafka.",
  schemas: {
    ListedLetter: listedLetter,
    ListedLetters: listedLetters,
    LetterBytes: letterBytes,
    WholeLetter: wholeLetter,
  },
  routes: {
    list: route({
      method: "GET",
      path: "/dead-letters/letters",
      access: "look",
      query: z.object({
        ...groupWords,
        state: choice(["open", "resolved", "unknown"], "Only letters in this state.").optional(),
        page: z.coerce
          .number(pageRule)
          .int(pageRule)
          .min(1, pageRule)
          .max(maxLetterPages, pageRule)
          .default(1),
      }),
      failure: () => 503,
      summary: "The letters of one group, page by page, with what became of each",
      answers: {
        200: json("The letters.", listedLetters),
        400: refusal("A parameter is unknown, missing or invalid."),
        ...unreachable,
      },
    }),
    one: route({
      method: "GET",
      path: "/dead-letters/letters/:partition/:offset",
      access: "look",
      params: {
        partition: "The partition of the dead-letter topic.",
        offset: "The letter's offset in it.",
      },
      query: none,
      failure: () => 503,
      summary: "One letter, with the bytes of its record",
      answers: {
        200: json("The letter.", wholeLetter),
        400: refusal("The partition or the offset is no whole number."),
        404: refusal("No letter lies there."),
        ...unreachable,
      },
    }),
  },
} satisfies Subject;
