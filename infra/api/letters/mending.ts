import { z } from "zod";
import type { Mending, TriedMending } from "../../../functions/mend-letters.ts";
import type { Proposal } from "../../../lib/rules/mending/proposal.ts";
import type { Verdict } from "../../../lib/rules/mending/verdict.ts";
import { resolvedIndexFault } from "../../../lib/rules/model/names.ts";
import { replayBusy, replayJob } from "./dead-letters.ts";
import { checked, required } from "../kit/parameters.ts";
import { json, refusal, route, type Subject, wholeNumber } from "../kit/route.ts";
import { groupWords, mendRequest } from "./states.ts";

const proposal: z.ZodType<Proposal> = z.object({
  id: z.string(),
  title: z.string(),
  change: z.string(),
  costs: z.array(z.string()),
  request: mendRequest.nullable().meta({ description: "Null if Elasticsearch need not be changed." }),
  index: z
    .string()
    .nullable()
    .meta({ description: "Where the letters are replayed to; null: to the index that refused them." }),
  declare: z.boolean().meta({ description: "Made in the topic's declaration, and not by a request." }),
});
const members = {
  target: z.object({
    kind: z.enum(["index", "alias", "data stream", "new"]),
    index: z.string().nullable().meta({ description: "The index that takes documents now." }),
  }),
  mapping: z.record(z.string(), z.unknown()).nullable().meta({ description: "Of the field." }),
  template: z
    .object({ name: z.string(), mapsField: z.boolean() })
    .nullable()
    .meta({ description: "What later indices are made from; null if there is none, or it cannot be read." }),
  letters: wholeNumber.meta({ description: "Open letters that proposals are tried with, at most 100." }),
  complete: z.boolean().meta({ description: "False if there may be letters that were not read." }),
  proposals: z.array(proposal).meta({ description: "The smallest change first." }),
};
const mending: z.ZodType<Mending> = z.object(members);
const verdict: z.ZodType<Verdict> = z.object({
  letters: z.object({
    tried: wholeNumber,
    accepted: wholeNumber,
    partly: wholeNumber.meta({
      description: "Accepted, with fields that are not indexed or in another form.",
    }),
    refused: wholeNumber,
    unknown: wholeNumber,
  }),
  good: z
    .object({
      tried: wholeNumber,
      unchanged: wholeNumber,
      changed: wholeNumber,
      refused: wholeNumber,
      unknown: wholeNumber,
    })
    .meta({ description: "Of the topic's newest 100 records, those that the index takes now." }),
  reason: z.string().nullable().meta({ description: "Why the first one that is refused is refused." }),
  notes: z.array(z.string()),
});
const triedMending: z.ZodType<TriedMending> = z.object({
  ...members,
  verdicts: z.record(z.string(), verdict).meta({ description: "By the proposal's id." }),
  best: z.string().nullable().meta({
    description:
      "The smallest change that takes all letters and leaves good records as they are, if there are any to compare.",
  }),
  incomparable: z.string().nullable().meta({
    description: "Why none can be called the smallest; null if that can be told.",
  }),
});

const into = z
  .string("must be a string")
  .refine((name) => resolvedIndexFault(name) === null, "is not an Elasticsearch index name")
  .meta({ description: "Another index that the letters may go to: proposed and tried too." })
  .optional();
const named = z.object({ ...groupWords, into });
const wanted = z.object({
  ...groupWords,
  into,
  proposal: required("The proposal's id."),
  request: mendRequest.nullable().meta({ description: "The proposal's request, as it was shown." }),
});
const none = z.object({});
const failing = {
  429: refusal("Too many requests at once."),
  503: refusal("Kafka or Elasticsearch does not answer or refuses the request, or the host is stopping."),
};
/** The whole mapping of an index may be in a request. */
const maxRequestBytes = 4 * 1024 * 1024;

/** Making an index take dead letters. */
export const mendings = {
  name: "mending",
  description: "What would make an index take dead letters.",
  schemas: { Proposal: proposal, Mending: mending, Verdict: verdict, TriedMending: triedMending },
  routes: {
    propose: route({
      method: "GET",
      path: "/dead-letters/proposals",
      access: "look",
      query: named,
      failure: () => 503,
      summary: "The mapping that refused a group of letters, and changes that may take them",
      answers: {
        200: json("The proposals, not tried yet.", mending),
        400: refusal("A parameter is unknown, missing or invalid, or no letter names the index."),
        ...failing,
      },
    }),
    try: route({
      method: "POST",
      path: "/dead-letters/proposals/try",
      // It creates indices for a moment.
      access: "change",
      query: none,
      body: { schema: named, parse: (words) => checked(named, words) },
      failure: () => 503,
      summary: "Tries each proposal on letters and good records, in indices that are removed afterwards",
      answers: {
        200: json("The proposals, with what each would do.", triedMending),
        400: refusal("A member is unknown, missing or invalid."),
        415: refusal("The body is not declared as application/json."),
        ...failing,
      },
    }),
    apply: route({
      method: "POST",
      path: "/dead-letters/proposals/apply",
      access: "change",
      maxBody: maxRequestBytes,
      query: none,
      body: { schema: wanted, parse: (words) => checked(wanted, words) },
      failure: () => 503,
      summary:
        "Makes the proposed change, replays the letters of the group, and looks up what is left of them",
      answers: {
        202: { ...json("The work was started.", replayJob), headers: { location: "Where to query it." } },
        400: refusal("A member is unknown, missing or invalid."),
        409: { ...refusal("A replay is running.", replayBusy), headers: { location: "Where to query it." } },
        415: refusal("The body is not declared as application/json."),
        503: refusal("The host is stopping."),
      },
    }),
  },
} satisfies Subject;
