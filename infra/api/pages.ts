import { z } from "zod";
import { topicName } from "../../lib/rules/config/scalars.ts";
import { choice } from "./kit/parameters.ts";
import { ignored, json, refusal, route, type Subject, text } from "./kit/route.ts";

/** The console's pages: the same document for all; its script reads the path. */
export const pagePaths = [
  "/",
  "/ui/topics",
  "/ui/topics/:topic",
  "/ui/explore",
  "/ui/dead-letters",
  "/ui/declarations",
  "/ui/reconcile",
] as const;
export type PagePath = (typeof pagePaths)[number];

const unchanged = { description: "The same as `If-None-Match` names." };

const page = (path: PagePath) =>
  route({
    method: "GET",
    path,
    access: "page",
    ...(path.endsWith(":topic") && { params: { topic: "A topic's name." } }),
    query: ignored,
    summary: "A page of the console",
    description: "The same document for every page: its script reads the path.",
    answers: { 200: text("The document.", "text/html"), 304: unchanged },
  });

export const consolePages = pagePaths.map(page);

export const pages = {
  name: "pages",
  description: "The console, and this description.",
  schemas: {},
  routes: {
    ...Object.fromEntries(consolePages.map((page) => [page.path, page])),
    asset: route({
      method: "GET",
      path: "/assets/:name",
      access: "page",
      params: { name: "As the document names it; it changes with the content." },
      query: ignored,
      summary: "A file that a page loads",
      answers: {
        200: { description: "The file." },
        304: unchanged,
        404: refusal("There is none; the page may be another version's."),
      },
    }),
    events: route({
      method: "GET",
      path: "/ui/events",
      access: "look",
      query: z
        .object({
          view: choice(["overview", "topics", "topic"], "What the page looks at."),
          topic: topicName.meta({ description: "Of the view `topic`: which." }).optional(),
        })
        .refine(({ view, topic }) => view !== "topic" || topic !== undefined, {
          path: ["topic"],
          error: "is missing",
        }),
      summary: "What an open page shows, as it changes",
      description:
        "Server-sent events, with a `ping` every 5 s; infra/api/live-messages.ts has their shapes.",
      answers: {
        200: text("The events.", "text/event-stream"),
        400: refusal("Another view, or no topic name."),
        429: refusal("Too many open pages."),
        503: refusal("The host is stopping."),
      },
    }),
    description: route({
      method: "GET",
      path: "/openapi.json",
      access: "look",
      query: ignored,
      summary: "This description",
      answers: { 200: json("OpenAPI 3.1.", z.record(z.string(), z.unknown())) },
    }),
  },
} satisfies Subject;
