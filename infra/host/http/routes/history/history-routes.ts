import type { Hono } from "hono";
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
    const { topic = null, kinds = [] } = query;
    const fromMs = timeIn("from", query.from ?? "now-24h", deps.now());
    const toMs = query.to === undefined ? Infinity : timeIn("to", query.to, deps.now());
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
