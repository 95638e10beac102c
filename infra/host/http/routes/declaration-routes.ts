import type { Context, Hono } from "hono";
import type { FieldRefusal } from "../../../../lib/rules/declarations/etcd-value.ts";
import { quoted } from "../../../../lib/rules/base/visible-text.ts";
import { declarations as definitions } from "../../../api/declarations.ts";
import { triedAsJson } from "../../../../lib/rules/trial/tried.ts";
import type { DeclarationService, EditAnswer } from "../../services/declaration-service.ts";
import type { TrialAnswer, TrialService } from "../../services/trial-service.ts";
import { callerOf } from "../auth/caller.ts";
import { goneSignal } from "../kit/event-stream.ts";
import { jsonInPlace } from "../kit/held-answer.ts";
import { mount } from "../kit/mount.ts";
import { answerJson, problem } from "../kit/problem.ts";
import { createPlaces, inPlace } from "../kit/semaphore.ts";

export interface DeclarationRouteDeps {
  readonly trials: Pick<TrialService, "tryOut">;
  readonly declarations: Pick<DeclarationService, "list" | "edit">;
}

/** Listings at once, each until it is read: one requests every key of etcd and holds their texts. */
const LISTINGS = 2;
/** Edits and previews at once: each has a connection to etcd, and a preview queues with the host's own runs. */
const EDITS = 4;
/** Trials at once: each reads from Kafka and creates indices. */
const TRIALS = 2;

/** Lists what is declared, and changes an etcd key or says what a change would come to. */
export function addDeclarationRoutes(app: Hono, { declarations, trials }: DeclarationRouteDeps): void {
  const listings = createPlaces(LISTINGS);
  const edits = createPlaces(EDITS);
  const tries = createPlaces(TRIALS);

  mount(app, definitions.routes.list, (_, c) =>
    jsonInPlace(c, listings, "listings", () => declarations.list()),
  );
  mount(app, definitions.routes.edit, async ({ query: { dryRun }, body }, c) => {
    const members = await body();
    return inPlace(c, edits, "edits", async () => {
      const answer = await declarations.edit(members, dryRun);
      if (!dryRun) logEdit(c, answer);
      return answerEdit(c, answer);
    });
  });
  mount(app, definitions.routes.try, async ({ param, body }, c) => {
    const request = await body();
    return inPlace(c, tries, "trials", async () =>
      answerTrial(c, await trials.tryOut(param("topic"), request, goneSignal(c))),
    );
  });
}

/** Who changed what: etcd itself does not keep it. */
function logEdit(c: Context, answer: EditAnswer): void {
  const by = callerOf(c);
  const logger = c.get("logger");
  if (answer.kind === "written") {
    const { key, revision, action } = answer;
    logger.info("a declaration was edited", { source: key, revision, action, by });
  } else if (answer.kind === "refused") {
    const reason = "faults" in answer ? answer.faults.map((fault) => fault.reason).join("; ") : answer.reason;
    logger.info("an edit was refused", { reason, by });
  }
}

function answerEdit(c: Context, answer: EditAnswer): Response {
  switch (answer.kind) {
    case "no etcd":
      return problem(c, 404, "The config file has no etcd section, and declarations are written to etcd.");
    case "malformed":
    case "refused": {
      const { faults } =
        "faults" in answer ? answer : { faults: [{ field: answer.about, reason: answer.reason }] };
      return faulty(c, answer.kind === "malformed" ? 400 : 422, faults);
    }
    case "lost": {
      const { key, revision, text } = answer;
      return problem(
        c,
        409,
        `etcd key ${quoted(key)} was changed by another writer: it is at revision ${revision} now.`,
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
      const { plan, hash, conflicts, excluded, sources } = answer.result;
      return c.json({ key, revision, action, before, after, plan, hash, conflicts, excluded, sources });
    }
  }
}

function answerTrial(c: Context, answer: TrialAnswer): Response {
  switch (answer.kind) {
    case "missing":
      return problem(c, 404, `${answer.reason}.`);
    case "refused":
      return faulty(
        c,
        422,
        answer.faults.map(({ field, reason }) => ({ field: `declaration.${field}`, reason })),
      );
    case "tried":
      return answerJson(c, triedAsJson(answer.tried));
  }
}

function faulty(c: Context, status: 400 | 422, faults: readonly FieldRefusal[]): Response {
  const reasons = faults.map(({ reason }) => reason).join("; ");
  const detail = reasons.endsWith("?") ? reasons : `${reasons}.`;
  return problem(c, status, detail, { members: { field: faults[0]?.field, errors: faults } });
}
