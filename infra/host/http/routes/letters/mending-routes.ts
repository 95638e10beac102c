import type { Context, Hono } from "hono";
import { mendings } from "../../../../api/letters/mending.ts";
import { namedGroup } from "../../../../api/letters/states.ts";
import type { MendingService } from "../../../services/mending-service.ts";
import { goneSignal } from "../../kit/event-stream.ts";
import { mount } from "../../kit/mount.ts";
import { createPlaces, inPlace } from "../../kit/semaphore.ts";
import { answerJob } from "../replay-routes.ts";

export interface MendingRouteDeps {
  readonly mendings: Omit<MendingService, "stop">;
}

/** Looks for proposals at once: each reads the dead-letter topic. */
const LOOKS = 4;
/** Trials at once: each reads from Kafka and creates indices. */
const TRIALS = 2;

/** Proposes, tries and makes changes that let an index take dead letters. */
export function addMendingRoutes(app: Hono, deps: MendingRouteDeps): void {
  const looks = createPlaces(LOOKS);
  const trials = createPlaces(TRIALS);
  const { propose, try: tryOut, apply } = mendings.routes;

  mount(app, propose, ({ query: { into = null, ...group } }, c: Context) =>
    inPlace(c, looks, "proposals", async () => c.json(await deps.mendings.propose(namedGroup(group), into))),
  );
  mount(app, tryOut, async ({ body }, c) => {
    const { into = null, ...group } = await body();
    return inPlace(c, trials, "trials", async () =>
      c.json(await deps.mendings.tryOut(namedGroup(group), into, goneSignal(c))),
    );
  });
  mount(app, apply, async ({ body }, c) => {
    const { into = null, proposal, request, ...group } = await body();
    return answerJob(c, deps.mendings.apply(namedGroup(group), { proposal, request, into }));
  });
}
