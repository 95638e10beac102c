import { z } from "zod";
import { topicName } from "../../lib/rules/config/scalars.ts";
import type { HostSummary } from "./live-messages.ts";
import { choice } from "./kit/parameters.ts";
import { ignored, json, refusal, route, type Subject, text } from "./kit/route.ts";

/** The console's pages: the same document for all; its script reads the path. */
export const pagePaths = [
  "/",
  "/ui/topics",
  "/ui/topics/:topic",
  "/ui/explore",
  "/ui/kafka",
  "/ui/dead-letters",
  "/ui/declarations",
  "/ui/history",
  "/ui/reconcile",
  "/ui/fleet",
] as const;
export type PagePath = (typeof pagePaths)[number];

const hostSummary = z.object({
  name: z.string(),
  version: z.string(),
  startedAt: z.number(),
  verdict: z.object({ kind: z.enum(["ok", "warning", "bad"]), count: z.number(), refused: z.number() }),
}) satisfies z.ZodType<HostSummary>;

const unchanged = { description: "Unchanged since the version in `If-None-Match`." };

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
      params: { name: "As named in the document; changes with the content." },
      query: ignored,
      summary: "A file that a page loads",
      answers: {
        200: { description: "The file." },
        304: unchanged,
        404: refusal("No such file; the page may be of another version."),
      },
    }),
    events: route({
      method: "GET",
      path: "/ui/events",
      access: "look",
      query: z
        .object({
          view: choice(["overview", "topics", "topic"], "The view of the page."),
          topic: topicName.meta({ description: "The topic of the view `topic`." }).optional(),
        })
        .refine(({ view, topic }) => view !== "topic" || topic !== undefined, {
          path: ["topic"],
          error: "is missing",
        }),
      summary: "Keeps an open page up to date",
      description:
        "Server-sent events, with a `ping` every 5 s; infra/api/live-messages.ts has their shapes.",
      answers: {
        200: text("The events.", "text/event-stream"),
        400: refusal("An unknown view, or an invalid topic name."),
        429: refusal("Too many open pages."),
        503: refusal("The host is stopping."),
      },
    }),
    host: route({
      method: "GET",
      path: "/ui/host",
      access: "look",
      query: ignored,
      summary: "Which host this is, and how it is",
      description: "For the header, title and icon of every page; asked every few seconds.",
      answers: { 200: json("In one word and one number.", hostSummary) },
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
