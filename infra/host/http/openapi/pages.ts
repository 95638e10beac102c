import { pagePaths } from "../routes/page.ts";
import { jsonAnswer, type Parameter, problemAnswer, queryParameter, type Subject } from "./operation.ts";

const unchanged = { description: "The same as `If-None-Match` names." };
const pathParameter = (name: string, description: string): Parameter => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string" },
});

const page = (path: string) => ({
  get: {
    summary: "A page of the console",
    description: "The same document for every page: its script reads the path.",
    security: [] as const,
    ...(path.includes("{topic}") && { parameters: [pathParameter("topic", "A topic's name.")] }),
    responses: {
      200: { description: "The document.", content: { "text/html": { schema: { type: "string" } } } },
      304: unchanged,
    },
  },
});

export const pages: Subject = {
  name: "pages",
  description: "The console, and this description.",
  schemas: {},
  paths: {
    ...Object.fromEntries(
      pagePaths.map((path) => path.replace(":topic", "{topic}")).map((path) => [path, page(path)] as const),
    ),
    "/assets/{name}": {
      get: {
        summary: "A file that a page loads",
        security: [],
        parameters: [pathParameter("name", "As the document names it; it changes with the content.")],
        responses: {
          200: { description: "The file." },
          304: unchanged,
          404: problemAnswer("There is none; the page may be another version's."),
        },
      },
    },
    "/ui/events": {
      get: {
        summary: "What an open page shows, as it changes",
        description:
          "Server-sent events, with a `ping` every 5 s; infra/api/live-messages.ts has their shapes.",
        parameters: [
          queryParameter("view", "What the page looks at.", { enum: ["overview", "topics", "topic"] }),
          queryParameter("topic", "Of the view `topic`: which.", { type: "string" }),
        ],
        responses: {
          200: {
            description: "The events.",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          400: problemAnswer("Another view, or no topic name."),
          429: problemAnswer("Too many open pages."),
          503: problemAnswer("The host is stopping."),
        },
      },
    },
    "/openapi.json": {
      get: {
        summary: "This description",
        responses: { 200: jsonAnswer("OpenAPI 3.1.", { type: "object" }) },
      },
    },
  },
};
