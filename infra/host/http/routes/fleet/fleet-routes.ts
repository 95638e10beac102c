import type { Hono } from "hono";
import { ANSWER_PROOF } from "../../../../../lib/rules/secrets/peer-proof.ts";
import { fleet } from "../../../../api/fleet/fleet.ts";
import type { FleetWatch } from "../../../fleet/fleet-watch.ts";
import { mount } from "../../kit/mount.ts";
import { jsonHeaders } from "../../kit/problem.ts";
import { createPlaces, inPlace } from "../../kit/semaphore.ts";

export interface FleetRouteDeps {
  readonly fleet: Pick<FleetWatch, "look" | "report">;
}

/** Requests at once. Most are answered from memory. */
const LOOKS = 20;

/** Shows the group, and tells the other hosts what this one does. */
export function addFleetRoutes(app: Hono, deps: FleetRouteDeps): void {
  const looks = createPlaces(LOOKS);
  mount(app, fleet.routes.show, ({ query }, c) =>
    inPlace(c, looks, "looks at the group", async () => c.json(await deps.fleet.look(query))),
  );
  mount(app, fleet.routes.report, (_, c) => {
    const body = deps.fleet.report();
    const peer = c.get("peer");
    return c.body(body, 200, { ...jsonHeaders, ...(peer && { [ANSWER_PROOF]: peer.prove(body) }) });
  });
}
