import type { Context, Hono } from "hono";
import { logFields } from "../../../../../functions/log-fields.ts";
import type { SearchLogsDeps } from "../../../../../functions/search-logs.ts";
import { storedTopics } from "../../../../../functions/search-logs/stored-topics.ts";
import type { Specification } from "../../../../../lib/rules/model/declaration.ts";
import { parseLogFilter } from "../../../../../lib/rules/search/query/log-request.ts";
import { fieldRoutes } from "../../../../api/log/fields.ts";
import { goneSignal } from "../../kit/event-stream.ts";
import { mount } from "../../kit/mount.ts";
import { inPlace, type Places } from "../../kit/semaphore.ts";
import { refuseUnknown } from "./log-answers.ts";

export interface FieldRouteDeps {
  inForce(): ReadonlyMap<string, Specification>;
  managed(): boolean;
  rebuilt(): ReadonlySet<string> | null;
  now(): number;
  /** Shared with other searches. */
  readonly searches: Places;
  searchWith(signal: AbortSignal): Pick<SearchLogsDeps, "search" | "fieldCaps">;
}

/** What there is to search for: fields with their values, and topics that are not declared any more. */
export function addFieldRoutes(app: Hono, deps: FieldRouteDeps): void {
  const inSearch = (c: Context, work: () => Promise<Response>) => inPlace(c, deps.searches, "searches", work);

  mount(app, fieldRoutes.fields, ({ query }, c) => {
    const filter = parseLogFilter(query, deps.now());
    const known = { inForce: deps.inForce(), managed: deps.managed(), rebuilt: deps.rebuilt() };
    return inSearch(c, async () => {
      const search = deps.searchWith(goneSignal(c));
      const refusal = await refuseUnknown(c, filter.topics, { ...known, ...search });
      return refusal ?? c.json(await logFields({ ...filter, ...known }, search));
    });
  });

  mount(app, fieldRoutes.storedTopics, (_, c) =>
    inSearch(c, async () => {
      if (!deps.managed()) return c.json({ undeclared: [], problems: [] });
      const { search } = deps.searchWith(goneSignal(c));
      return c.json(await storedTopics({ declared: deps.inForce(), about: null }, search));
    }),
  );
}
