import type { Hono } from "hono";
import { pages } from "../../../api/pages.ts";
import type { LiveHub } from "../../live/live-hub.ts";
import { untilAborted } from "../kit/event-stream.ts";
import { mount } from "../kit/mount.ts";
import { createPlaces, streamInPlace } from "../kit/semaphore.ts";

export interface LiveRouteDeps {
  readonly live: Pick<LiveHub, "subscribe" | "summary">;
}

/** Open pages at once; each gets every change. */
export const maxPages = 100;

/** What an open page shows, for as long as it is open. */
export function addLiveRoutes(app: Hono, { live }: LiveRouteDeps): void {
  const places = createPlaces(maxPages);
  mount(app, pages.routes.host, (_, c) => c.json(live.summary()));
  mount(app, pages.routes.events, ({ query: { view, topic = "" } }, c) => {
    const subject = view === "topic" ? { view, topic } : { view };
    return streamInPlace(c, places, "open pages", async (send, signal) => {
      const behind = new AbortController();
      const end = live.subscribe(subject, (event, message) => {
        // A missed change would stay wrong on the page. It reconnects and gets everything again.
        if (!send(event, message)) behind.abort();
      });
      try {
        await untilAborted(AbortSignal.any([signal, behind.signal]));
      } finally {
        end();
      }
    });
  });
}
