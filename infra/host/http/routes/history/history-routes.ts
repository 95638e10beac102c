import type { Hono } from "hono";
import { usage } from "../../../../../lib/rules/base/errors.ts";
import { quoted } from "../../../../../lib/rules/base/visible-text.ts";
import { isRelative } from "../../../../../lib/rules/search/grammar/time-expression.ts";
import { history, historyPageSize, historySpans } from "../../../../api/history/history.ts";
import type { HostHistory } from "../../../history/host-history.ts";
import { timeIn } from "../../kit/input.ts";
import { mount } from "../../kit/mount.ts";
import { createPlaces, inPlace } from "../../kit/semaphore.ts";

export interface HistoryRouteDeps {
  readonly history: Pick<HostHistory, "events" | "series" | "problem">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Each may wait some seconds for Kafka, for the same reading; and every open page asks now and then. */
const QUESTIONS = 40;

/** Tells what happened before. */
export function addHistoryRoutes(app: Hono, deps: HistoryRouteDeps): void {
  const places = createPlaces(QUESTIONS);
  mount(app, history.routes.events, ({ query }, c) => {
    const { topic = null, kinds = [], from = "now-24h", to = null } = query;
    const fromMs = timeIn("from", from, deps.now());
    const toMs = to === null ? Infinity : timeIn("to", to, deps.now());
    // While somebody turns pages, a `from` that moves on with the clock may pass their `to`: nothing is left then.
    const isPassed = isRelative(from) && to !== null && !isRelative(to);
    if (fromMs > toMs && !isPassed) throw usage(`from ${quoted(from)} must not be after to`);
    return inPlace(c, places, "questions about the history", async () => {
      const events = await deps.history.events({ topic, kinds, fromMs, toMs }, historyPageSize);
      const next = events.length < historyPageSize ? null : String(events.at(-1)?.at);
      return c.json({ events, next, problem: deps.history.problem });
    });
  });
  mount(app, history.routes.series, ({ query: { topic = null, span } }, c) =>
    inPlace(c, places, "questions about the history", async () => {
      const found = await deps.history.series(topic, historySpans[span]);
      return c.json({ ...found, problem: deps.history.problem });
    }),
  );
}
