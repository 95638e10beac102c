import { z } from "zod";
import type { EditAction, PlannedEdit, WrittenEdit } from "../../../../functions/edit-declarations.ts";
import type { DeclarationsListing } from "../../../../functions/list-declarations.ts";
import type { ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import type {
  ListedDeclaration,
  ListedEntry,
  ListedKey,
} from "../../../../lib/rules/declarations/listing.ts";
import { jsonAnswer, problemAnswer, queryParameter, ref, type Subject, wholeNumber } from "./operation.ts";
import { problemMembers } from "./problem-schema.ts";
import { conflict, plan, reconcileSources } from "./reconcile.ts";
import { sourceRef, topicOptions } from "./topics.ts";

const standing = {
  state: z.enum(["in force", "overridden", "refused"]),
  topics: wholeNumber.meta({ description: "Topics of this host that run by it." }),
  overriddenBy: sourceRef.nullable(),
  refused: z.string().nullable(),
};
const target = z.union([z.object({ topic: z.string() }), z.object({ pattern: z.string() })]);

const listedDeclaration: z.ZodType<ListedDeclaration> = z.object({
  ...standing,
  entry: wholeNumber,
  target,
  options: topicOptions,
});
const listedEntry: z.ZodType<ListedEntry> = z.object({
  ...standing,
  entry: wholeNumber,
  name: z.string().nullable(),
  target: target.nullable(),
  declaration: z.record(z.string(), z.unknown()).nullable().meta({ description: "As it stands there." }),
  options: topicOptions.nullable(),
  lastGoodKept: z.boolean(),
  ignored: z.array(z.string()).meta({ description: "Names of fields that are not Penstock's." }),
});
const listedKey: z.ZodType<ListedKey> = z.object({
  key: z.string(),
  exact: z.boolean().meta({ description: "False: it lies below a listed prefix." }),
  revision: wholeNumber.nullable().meta({ description: "Its mod revision; 0: absent." }),
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
    .meta({ description: "Null: not configured." }),
});

const action: z.ZodType<EditAction> = z.enum(["added", "replaced", "removed", "unchanged"]);
const written: z.ZodType<Omit<WrittenEdit, "kind">> = z.object({
  key: z.string(),
  revision: wholeNumber,
  action,
});

type Preview = Omit<PlannedEdit, "kind"> & Pick<ReconcileResult, "plan" | "hash" | "conflicts" | "sources">;
const preview: z.ZodType<Preview> = z.object({
  key: z.string(),
  revision: wholeNumber,
  action,
  before: z.string().nullable(),
  after: z.string(),
  plan,
  hash: z.string(),
  conflicts: z.array(conflict),
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

export const declarations: Subject = {
  name: "declarations",
  description: "What the config file and etcd declare, and changing it in etcd.",
  schemas: {
    DeclarationsListing: listing,
    ListedDeclaration: listedDeclaration,
    ListedEntry: listedEntry,
    ListedKey: listedKey,
    WrittenEdit: written,
    PlannedEdit: preview,
    DeclarationFaults: faulty,
    LostEdit: lost,
  },
  paths: {
    "/declarations": {
      get: {
        summary: "What is declared, entry by entry, and how each fares",
        responses: {
          200: jsonAnswer("Where etcd does not answer, what it last said well.", ref("DeclarationsListing")),
          400: problemAnswer("An unknown parameter."),
          429: problemAnswer("Too many at once."),
          503: problemAnswer("The host is stopping."),
        },
      },
      post: {
        summary: "Adds, replaces or removes one entry of an etcd key, compared by revision",
        parameters: [
          queryParameter(
            "dryRun",
            "True: answers with the text before and after, and the plan it leads to.",
            {
              enum: ["true", "false"],
            },
          ),
        ],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["action"],
                properties: {
                  action: { enum: ["add", "replace", "remove"] },
                  key: { type: ["string", "null"], description: "Null with add: where new topics go." },
                  revision: {
                    type: ["integer", "null"],
                    description: "The key's, that the editor started from.",
                  },
                  target: { type: ["object", "null"], description: "Of replace and remove: which entry." },
                  declaration: {
                    type: ["object", "null"],
                    description: "Of add and replace: as it shall stand.",
                  },
                },
              },
            },
          },
        },
        responses: {
          200: jsonAnswer("What was written, or would be.", {
            anyOf: [ref("WrittenEdit"), ref("PlannedEdit")],
          }),
          400: problemAnswer("It does not say what is wanted.", {
            anyOf: [ref("DeclarationFaults"), ref("Problem")],
          }),
          403: problemAnswer("etcd does not allow it."),
          404: problemAnswer("No etcd is configured."),
          409: problemAnswer("Somebody else changed the key; what stands there now.", ref("LostEdit")),
          415: problemAnswer("The body does not say that it is JSON."),
          422: problemAnswer("Hosts would refuse it.", ref("DeclarationFaults")),
          429: problemAnswer("Too many at once."),
          503: problemAnswer("etcd does not answer, or the host is stopping."),
        },
      },
    },
  },
};
