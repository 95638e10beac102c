import { z } from "zod";
import type { EditAction, PlannedEdit, WrittenEdit } from "../../functions/edit-declarations.ts";
import type { DeclarationsListing } from "../../functions/list-declarations.ts";
import type { ReconcileResult } from "../../functions/reconcile-topics.ts";
import type { ListedDeclaration, ListedEntry, ListedKey } from "../../lib/rules/declarations/listing.ts";
import { defaultTried, maxTried } from "../../functions/try-topic.ts";
import { editRequestSchema, entryMapping } from "../../lib/rules/declarations/edit-request.ts";
import type { Mapping } from "../../lib/rules/json/object.ts";
import { triedOutcomes, type TriedRecord, type TriedTopic } from "../../lib/rules/trial/tried.ts";
import { checked, flag } from "./kit/parameters.ts";
import {
  json,
  none,
  problemMembers,
  problemSchema,
  refusal,
  route,
  type Subject,
  wholeNumber,
} from "./kit/route.ts";
import { conflict, exclusion, plan, reconcileSources } from "./reconcile.ts";
import { sourceRef, specification, topicOptions } from "./topics.ts";

const standing = {
  state: z.enum(["in force", "overridden", "refused"]),
  topics: wholeNumber.meta({ description: "The number of this host's topics that it decides for." }),
  overriddenBy: sourceRef.nullable(),
  alike: z
    .literal(true)
    .exactOptional()
    .meta({ description: "Set if it is overridden by declarations that say the same, but for their paths." }),
  pathVaries: z.literal(true).exactOptional().meta({
    description:
      "Set if others declare other paths for its topic: only a record's header says which is its own.",
  }),
  refused: z.string().nullable(),
  overruled: z
    .object({ dataStream: z.string(), retention: z.string().nullable(), by: sourceRef })
    .exactOptional()
    .meta({
      description:
        "Set if its `retention` does not count, because another topic of the data stream declares this longer one, or none (null).",
    }),
};
const target = z.union([z.object({ topic: z.string() }), z.object({ pattern: z.string() })]);

const excluded = z
  .array(z.object({ glob: z.string(), topics: wholeNumber.nullable() }))
  .exactOptional()
  .meta({
    description:
      "Of a pattern: its `exclude`, with the topics excluded in the last run; null if none was made with it.",
  });

const listedDeclaration: z.ZodType<ListedDeclaration> = z.object({
  ...standing,
  entry: wholeNumber,
  target,
  excluded,
  options: topicOptions,
});
const listedEntry: z.ZodType<ListedEntry> = z.object({
  ...standing,
  entry: wholeNumber,
  name: z.string().nullable(),
  target: target.nullable(),
  excluded,
  declaration: z.record(z.string(), z.unknown()).nullable().meta({ description: "The current content." }),
  options: topicOptions.nullable(),
  lastGoodKept: z.boolean(),
  ignored: z.array(z.string()).meta({ description: "Names of other programs' fields." }),
});
const listedKey: z.ZodType<ListedKey> = z.object({
  key: z.string(),
  exact: z.boolean().meta({ description: "False if only a prefix of the key is listed." }),
  revision: wholeNumber.nullable().meta({ description: "Its mod revision; 0 if absent, null if unknown." }),
  text: z.string().nullable(),
  problem: z.string().nullable(),
  entries: z.array(listedEntry),
});
const source = { ok: z.boolean(), error: z.string().nullable() };
const listing: z.ZodType<DeclarationsListing> = z.object({
  config: z.object({ ...source, path: z.string(), entries: z.array(listedDeclaration) }),
  etcd: z
    .object({
      ...source,
      revision: wholeNumber.nullable(),
      keys: z.array(listedKey),
      keysLeftOut: wholeNumber,
      listed: z.array(z.string()),
      newKey: z.union([
        z.object({ key: z.string(), prefix: z.null(), rule: z.string() }),
        z.object({ key: z.null(), prefix: z.string(), rule: z.string() }),
      ]),
    })
    .nullable()
    .meta({ description: "Null if etcd is not configured." }),
});

const action: z.ZodType<EditAction> = z.enum(["added", "replaced", "removed", "unchanged"]);
export type SavedEdit = Omit<WrittenEdit, "kind">;
const written: z.ZodType<SavedEdit> = z.object({
  key: z.string(),
  revision: wholeNumber,
  action,
});

export type EditPreview = Omit<PlannedEdit, "kind"> &
  Pick<ReconcileResult, "plan" | "hash" | "conflicts" | "excluded" | "sources">;
const preview: z.ZodType<EditPreview> = z.object({
  key: z.string(),
  revision: wholeNumber,
  action,
  before: z.string().nullable(),
  after: z.string(),
  plan,
  hash: z.string(),
  conflicts: z.array(conflict),
  excluded: z.array(exclusion),
  sources: reconcileSources,
});

const fault = z.object({ field: z.string(), reason: z.string() });
const faulty = z.object({ ...problemMembers, field: z.string(), errors: z.array(fault) });
const lost = z.object({
  ...problemMembers,
  key: z.string(),
  revision: wholeNumber,
  text: z.string().nullable(),
});

/** A request to try a declaration. */
export interface TryRequest {
  /** Null for the topic's own declaration. */
  readonly declaration: Mapping | null;
  readonly last: number;
}

const lastRule = `must be a whole number from 1 to ${maxTried}`;
const tryRequest = z.object({
  last: z
    .int(lastRule)
    .min(1, lastRule)
    .max(maxTried, lastRule)
    .default(defaultTried)
    .meta({ description: "How many of the topic's newest records." }),
  declaration: entryMapping.meta({
    description:
      "As in an etcd value, used as a whole; null for the topic's own or, if it has none, its bare name.",
    type: ["object", "null"],
  }),
});

const counts = z.record(z.string(), wholeNumber);
const reason = { type: z.string(), text: z.string(), field: z.string().nullable() };
const outcome = z.enum(triedOutcomes).meta({
  description:
    "`gave-way`: indexed in another form than its own; `waits`: refused for a reason that is not its own fault, so the topic would stall; `unknown`: Elasticsearch could not be asked.",
});
/** The documents are members of the answer. Its text has all digits of their numbers; parsing loses the last ones. */
export interface TriedAnswer extends Omit<TriedTopic, "records"> {
  readonly records: readonly (Omit<TriedRecord, "document"> & { readonly document: Mapping | null })[];
}
const tried: z.ZodType<TriedAnswer> = z.object({
  spec: specification,
  partitions: wholeNumber,
  problem: z
    .string()
    .nullable()
    .meta({ description: "Why nothing at all can be written, or why that is unknown." }),
  notes: z.array(z.string()),
  outcomes: z.record(z.enum(triedOutcomes), wholeNumber),
  times: z.partialRecord(z.enum(["field", "record", "pipeline", "reading"]), wholeNumber).meta({
    description: "Documents by the source of their `@timestamp`.",
  }),
  levels: counts,
  tags: counts,
  ignored: counts.meta({ description: "Documents by field that would not be searchable." }),
  groups: z.array(
    z.object({
      outcome,
      ...reason,
      records: wholeNumber,
      first: z.object({ partition: wholeNumber, offset: wholeNumber }),
    }),
  ),
  targets: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["index", "alias", "data stream", "new"]),
      records: wholeNumber,
      fields: z.object({ before: wholeNumber, after: wholeNumber, limit: z.number() }).nullable(),
    }),
  ),
  records: z.array(
    z.object({
      partition: wholeNumber,
      offset: wholeNumber,
      timestamp: z.number().nullable(),
      outcome,
      index: z.string().nullable(),
      document: z.record(z.string(), z.unknown()).nullable(),
      pipelines: z.array(z.string()),
      ignored: z.array(z.string()),
      reason: z.object(reason).nullable(),
    }),
  ),
});

export const declarations = {
  name: "declarations",
  description: "What the config file and etcd declare, and editing it in etcd.",
  schemas: {
    DeclarationsListing: listing,
    ListedDeclaration: listedDeclaration,
    ListedEntry: listedEntry,
    ListedKey: listedKey,
    WrittenEdit: written,
    PlannedEdit: preview,
    DeclarationFaults: faulty,
    LostEdit: lost,
    TriedTopic: tried,
  },
  routes: {
    list: route({
      method: "GET",
      path: "/declarations",
      access: "look",
      query: none,
      summary: "Every declaration, and whether it is in force",
      answers: {
        200: json("The declarations; if etcd cannot be read, the last valid ones.", listing),
        400: refusal("An unknown parameter."),
        429: refusal("Too many requests at once."),
        503: refusal("The host is stopping."),
      },
    }),
    edit: route({
      method: "POST",
      path: "/declarations",
      access: "change-unless-dry",
      query: z.object({
        dryRun: flag("True to return the text before and after and the resulting plan, and write nothing."),
      }),
      // The service checks it, with the current settings, and names every fault by its field.
      body: { schema: editRequestSchema, whenEmpty: {}, parse: (members) => members },
      failure: ({ code, retryable }) => (code === "etcd_refused" ? 403 : retryable ? 503 : null),
      summary: "Adds, replaces or removes one entry of an etcd key if its revision is unchanged",
      answers: {
        200: json("What was written, or would be written.", z.union([written, preview])),
        400: refusal("The request is incomplete or contradictory.", z.union([faulty, problemSchema])),
        403: refusal("etcd refuses the request."),
        404: refusal("etcd is not configured."),
        409: refusal("Another writer changed the key; returns its current content.", lost),
        415: refusal("The body is not declared as application/json."),
        422: refusal("Hosts would refuse the result.", faulty),
        429: refusal("Too many requests at once."),
        503: refusal("etcd does not answer, or the host is stopping."),
      },
    }),
    try: route({
      method: "POST",
      path: "/topics/:topic/try",
      params: { topic: "A topic in Kafka; it need not be declared." },
      // For a moment, it creates an index.
      access: "change",
      query: none,
      body: {
        schema: tryRequest,
        whenEmpty: {},
        parse(members): TryRequest {
          const { declaration = null, last } = checked(tryRequest, members);
          return { declaration, last };
        },
      },
      failure: ({ code, retryable }) => (code === "kafka_refused" ? 403 : retryable ? 503 : null),
      summary: "What would become of the newest records of a topic with this declaration",
      description:
        "Commits nothing, and writes nothing that stays: pipelines are simulated, and what they return is written to a hidden scratch index with the target's mapping, which is removed afterwards.",
      answers: {
        200: json("The outcome of each record, also if Elasticsearch could not be asked.", tried),
        400: refusal("An unknown member, or a wrong `last`."),
        403: refusal("Kafka refuses the request."),
        404: refusal("The topic does not exist in Kafka."),
        415: refusal("The body is not declared as application/json."),
        422: refusal("Hosts would refuse the declaration.", faulty),
        429: refusal("Too many requests at once."),
        503: refusal("Kafka does not answer in time, or the host is stopping."),
      },
    }),
  },
} satisfies Subject;
