import type { Context, Hono } from "hono";
import type { DigestResult } from "../../../../functions/digest-dead-letters.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { isTopicName, topicNameRule } from "../../../../lib/rules/model/names.ts";
import { parseReplayWords, type ReplayRequest } from "../../../../lib/rules/dead-letters/replay-request.ts";
import type { ReplayJobs } from "../../services/replay-jobs.ts";
import { readJsonObject } from "../kit/body.ts";
import { answerHeld, slices } from "../kit/held-answer.ts";
import { createPlaces } from "../kit/semaphore.ts";
import { problem, quoted, refuseBusy } from "../kit/problem.ts";
import { choiceFault, readQuery, unknownName } from "../kit/query.ts";
import { addRoute } from "../kit/routes.ts";

/** What is done with dead letters. */
export interface ReplayRouteDeps {
  readonly replays: Pick<ReplayJobs, "start" | "get">;
  /** Null: of all topics. */
  digest(topic: string | null): Promise<DigestResult>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Digests at once, waiting, being made or being read. */
export const maxDigests = 4;

const parameters = ["topic", "error", "since", "index", "dryRun"] as const;
type Words = Readonly<Partial<Record<(typeof parameters)[number], string>>>;

/** POST /replay starts a job, GET /replay/<id> tells about it; GET /dead-letters says what the letters have in common. */
export function addReplayRoutes(app: Hono, deps: ReplayRouteDeps): void {
  const digests = createPlaces(maxDigests);
  async function* digestOf(topic: string | null): AsyncGenerator<string, void, void> {
    yield* slices(JSON.stringify(await deps.digest(topic)));
  }

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
      const leave = digests.take(c.get("access"));
      if (leave === null) return refuseBusy(c, "digests of dead letters");
      const headers = { "content-type": "application/json" };
      try {
        return await answerHeld(c, { headers, pieces: () => digestOf(topic), leave });
      } catch (thrown) {
        if (!(thrown instanceof PenstockError) || thrown.code === "stopping") throw thrown;
        // Also a login or a right that Kafka refuses: nothing is wrong with the question.
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
  const fault = choiceFault("dryRun", dryRun, ["true", "false"]);
  if (fault !== null) return problem(c, 400, fault);
  try {
    return parseReplayWords({ topic, error, since, index }, dryRun === "true", nowMs);
  } catch (thrown) {
    if (thrown instanceof PenstockError && thrown.code === "usage")
      return problem(c, 400, `${thrown.message}.`);
    throw thrown;
  }
}

/** An object with the same names; `dryRun` may be a boolean there. */
async function readBody(c: Context): Promise<Words | Response> {
  const members = await readJsonObject(c);
  if (members instanceof Response) return members;
  const words: Record<string, string> = {};
  for (const [name, value] of Object.entries(members)) {
    if (!isParameter(name)) return problem(c, 400, unknownName(name, parameters));
    const isFlag = name === "dryRun" && typeof value === "boolean";
    if (typeof value !== "string" && !isFlag) {
      return problem(c, 400, `${name} must be ${name === "dryRun" ? "true or false" : "a string"}.`);
    }
    words[name] = String(value);
  }
  return words;
}

function isParameter(name: string): boolean {
  return parameters.some((one) => one === name);
}
