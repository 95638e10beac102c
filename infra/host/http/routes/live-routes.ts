import type { Hono } from "hono";
import { isTopicName, topicNameRule } from "../../../../lib/rules/model/names.ts";
import type { LiveHub, LiveSubject } from "../../live/live-hub.ts";
import { untilAborted } from "../kit/event-stream.ts";
import { createPlaces, streamInPlace } from "../kit/semaphore.ts";
import { problem, quoted } from "../kit/problem.ts";
import { addRoute } from "../kit/routes.ts";

export interface LiveRouteDeps {
  readonly live: Pick<LiveHub, "subscribe">;
}

/** Open pages at once; each is told of every change. */
export const maxPages = 100;

/** `GET /ui/events?view=overview|topics|topic&topic=T`: what an open page shows, for as long as it is open. */
export function addLiveRoutes(app: Hono, { live }: LiveRouteDeps): void {
  const places = createPlaces(maxPages);
  addRoute(app, "/ui/events", {
    GET: (c) => {
      const subject = parseSubject(c.req.query("view"), c.req.query("topic"));
      if (typeof subject === "string") return problem(c, 400, subject);
      return streamInPlace(c, places, "open pages", async (send, signal) => {
        const behind = new AbortController();
        const end = live.subscribe(subject, (event, message) => {
          // A change that is missed would stay wrong on the page; the page connects again and gets everything anew.
          if (!send(event, message)) behind.abort();
        });
        try {
          await untilAborted(AbortSignal.any([signal, behind.signal]));
        } finally {
          end();
        }
      });
    },
  });
}

function parseSubject(view: string | undefined, topic: string | undefined): LiveSubject | string {
  if (view === "overview" || view === "topics") return { view };
  if (view !== "topic") return `view is ${quoted(view ?? "")}: it must be overview, topics or topic.`;
  if (topic === undefined || !isTopicName(topic)) return `topic ${quoted(topic ?? "")} ${topicNameRule}.`;
  return { view, topic };
}
