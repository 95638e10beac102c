import type { Context, Hono } from "hono";
import type { DigestResult } from "../../../functions/digest-dead-letters.ts";
import { PenstockError } from "../../../lib/rules/errors.ts";
import { isTopicName, topicNameRule } from "../../../lib/rules/names.ts";
import { parseReplayWords, type ReplayRequest } from "../../../lib/rules/replay-request.ts";
import type { ReplayJobs } from "../replay-jobs.ts";
import { problem, quoted } from "./problem.ts";
import { addRoute } from "./routes.ts";

/** What is done with dead letters. */
export interface ReplayRouteDeps {
  readonly replays: Pick<ReplayJobs, "start" | "get">;
  /** Null: of all topics. */
  digest(topic: string | null): Promise<DigestResult>;
  /** Milliseconds since the epoch. */
  now(): number;
}

const parameters = ["topic", "error", "since", "index", "dryRun"] as const;
type Words = Readonly<Partial<Record<(typeof parameters)[number], string>>>;

/** POST /replay starts a job, GET /replay/<id> tells about it; GET /dead-letters says what the letters have in common. */
export function addReplayRoutes(app: Hono, deps: ReplayRouteDeps): void {
  addRoute(app, "/replay", {
    POST: async (c) => {
      const request = await readRequest(c, deps.now());
      if (request instanceof Response) return request;
      const { kind, job } = deps.replays.start(request);
      if (kind === "busy") {
        return problem(c, 409, `Replay ${job.id} runs since ${job.startedAt}; one runs at a time.`, {
          headers: { location: placeOf(job.id) },
          members: { job: job.id },
        });
      }
      return c.json(job, 202, { location: placeOf(job.id) });
    },
  });
  addRoute(app, "/replay/:id", {
    GET: (c) => {
      const job = deps.replays.get(c.req.param("id") ?? "");
      return job === null
        ? problem(c, 404, "There is no such replay; only the last few of this host are remembered.")
        : c.json(job);
    },
  });
  addRoute(app, "/dead-letters", {
    GET: async (c) => {
      const words = readQuery(c, ["topic"]);
      if (typeof words === "string") return problem(c, 400, words);
      const { topic = null } = words;
      if (topic !== null && !isTopicName(topic)) {
        return problem(c, 400, `topic ${quoted(topic)} ${topicNameRule}.`);
      }
      try {
        return c.json(await deps.digest(topic));
      } catch (thrown) {
        if (!(thrown instanceof PenstockError) || !thrown.retryable) throw thrown;
        return problem(c, 503, `${thrown.message}.`);
      }
    },
  });
}

function placeOf(id: string): string {
  return `/replay/${id}`;
}

async function readRequest(c: Context, nowMs: number): Promise<ReplayRequest | Response> {
  const query = readQuery(c, parameters);
  if (typeof query === "string") return problem(c, 400, query);
  const body = await readBody(c);
  if (body instanceof Response) return body;
  const twice = Object.keys(body).find((name) => Object.hasOwn(query, name));
  if (twice !== undefined) return problem(c, 400, `${twice} is given in the query and in the body.`);
  const { topic = null, error = null, since = null, index = null, dryRun = "false" } = { ...query, ...body };
  if (dryRun !== "true" && dryRun !== "false") {
    return problem(c, 400, `dryRun is ${quoted(dryRun)}: it must be true or false.`);
  }
  try {
    return parseReplayWords({ topic, error, since, index }, dryRun === "true", nowMs);
  } catch (thrown) {
    if (thrown instanceof PenstockError && thrown.code === "usage")
      return problem(c, 400, `${thrown.message}.`);
    throw thrown;
  }
}

/** Returns what is wrong as a sentence. Unknown names are refused: `?dryrun=true` must not replay for real. */
function readQuery(c: Context, allowed: readonly (typeof parameters)[number][]): Words | string {
  const words: Record<string, string> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (!isAllowed(name, allowed)) return unknown(name, allowed);
    if (values.length > 1) return `${name} is given ${values.length} times: it may be given once.`;
    words[name] = values[0] ?? "";
  }
  return words;
}

/** An object with the same names; `dryRun` may be a boolean there. No body is an empty one. */
async function readBody(c: Context): Promise<Words | Response> {
  const text = await c.req.text();
  if (text === "") return {};
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return problem(c, 415, "The body must be application/json.");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return problem(c, 400, "The body is not valid JSON.");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return problem(c, 400, "The body must be a JSON object.");
  }
  const words: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (!isAllowed(name, parameters)) return problem(c, 400, unknown(name, parameters));
    const isFlag = name === "dryRun" && typeof value === "boolean";
    if (typeof value !== "string" && !isFlag) {
      return problem(c, 400, `${name} must be ${name === "dryRun" ? "true or false" : "a string"}.`);
    }
    words[name] = String(value);
  }
  return words;
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.includes(name);
}

function unknown(name: string, allowed: readonly string[]): string {
  const last = allowed.at(-1) ?? "";
  const names = allowed.length === 1 ? last : `${allowed.slice(0, -1).join(", ")} or ${last}`;
  return `Unknown parameter ${quoted(name)}: it must be ${names}.`;
}
