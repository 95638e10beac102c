import type { Context, Hono } from "hono";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import type { DeclarationService, EditAnswer } from "../../services/declaration-service.ts";
import { readJsonObject } from "../kit/body.ts";
import { answerHeld, slices } from "../kit/held-answer.ts";
import { createPlaces, inPlace } from "../kit/semaphore.ts";
import { problem, refuseBusy } from "../kit/problem.ts";
import { choiceFault, readQuery } from "../kit/query.ts";
import { addRoute } from "../kit/routes.ts";

export interface DeclarationRouteDeps {
  readonly declarations: Pick<DeclarationService, "list" | "edit">;
}

/** Listings at once, each until it was read: one asks etcd for every key and holds their text. */
const LISTINGS = 2;
/** Edits and previews at once: each has a connection to etcd, and a preview takes its turn among the host's own runs. */
const EDITS = 4;

/**
 * GET /declarations tells everything that is declared; POST /declarations changes an etcd key, or says with `dryRun=true`
 * what that would come to.
 */
export function addDeclarationRoutes(app: Hono, { declarations }: DeclarationRouteDeps): void {
  const listings = createPlaces(LISTINGS);
  const edits = createPlaces(EDITS);
  async function* listing(): AsyncGenerator<string, void, void> {
    yield* slices(JSON.stringify(await declarations.list()));
  }

  addRoute(app, "/declarations", {
    GET: async (c) => {
      const words = readQuery(c, []);
      if (typeof words === "string") return problem(c, 400, words);
      const leave = listings.take(c.get("access"));
      if (leave === null) return refuseBusy(c, "listings");
      const headers = { "content-type": "application/json" };
      return answerHeld(c, { headers, pieces: listing, leave });
    },
    POST: async (c) => {
      const words = readQuery(c, ["dryRun"]);
      if (typeof words === "string") return problem(c, 400, words);
      const fault = choiceFault("dryRun", words.dryRun, ["true", "false"]);
      if (fault !== null) return problem(c, 400, fault);
      const body = await readJsonObject(c);
      if (body instanceof Response) return body;
      return inPlace(c, edits, "edits", async () => {
        try {
          return answerEdit(c, await declarations.edit(body, words.dryRun === "true"));
        } catch (thrown) {
          return answerFailure(c, thrown);
        }
      });
    },
  });
}

function answerEdit(c: Context, answer: EditAnswer): Response {
  switch (answer.kind) {
    case "no etcd":
      return problem(c, 404, "The config file has no etcd section, and declarations are written to etcd.");
    case "malformed":
    case "refused": {
      const { faults } =
        "faults" in answer ? answer : { faults: [{ field: answer.about, reason: answer.reason }] };
      const reasons = faults.map(({ reason }) => reason).join("; ");
      const detail = reasons.endsWith("?") ? reasons : `${reasons}.`;
      return problem(c, answer.kind === "malformed" ? 400 : 422, detail, {
        members: { field: faults[0]?.field, errors: faults },
      });
    }
    case "lost": {
      const { key, revision, text } = answer;
      return problem(
        c,
        409,
        `etcd key "${key}" was changed by somebody else: it is at revision ${revision} now.`,
        {
          members: { key, revision, text },
        },
      );
    }
    case "written": {
      const { key, revision, action } = answer;
      return c.json({ key, revision, action });
    }
    case "preview": {
      const { key, revision, action, before, after } = answer.edit;
      const { plan, hash, conflicts, sources } = answer.result;
      return c.json({ key, revision, action, before, after, plan, hash, conflicts, sources });
    }
  }
}

/** What etcd had against it. */
function answerFailure(c: Context, thrown: unknown): Response {
  if (!(thrown instanceof PenstockError) || thrown.code === "stopping") throw thrown;
  if (thrown.code === "etcd_refused") return problem(c, 403, `${thrown.message}.`);
  if (thrown.retryable) return problem(c, 503, `${thrown.message}.`);
  throw thrown;
}
