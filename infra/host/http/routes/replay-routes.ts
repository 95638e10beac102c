import { usage } from "../../../../lib/rules/base/errors.ts";
import type { Context, Hono } from "hono";
import type { DigestResult } from "../../../../functions/digest-dead-letters.ts";
import { parseReplayWords } from "../../../../lib/rules/dead-letters/replay-request.ts";
import { deadLetters } from "../../../api/letters/dead-letters.ts";
import type { ReplayJobs } from "../../services/replay-jobs.ts";
import { jsonInPlace } from "../kit/held-answer.ts";
import { mount } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";
import { createPlaces } from "../kit/semaphore.ts";

/** What the routes do with dead letters. */
export interface ReplayRouteDeps {
  readonly replays: Pick<ReplayJobs, "start" | "get">;
  /** @param topic null for all topics */
  digest(topic: string | null): Promise<DigestResult>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Digests at once, including those that wait or are still being read. */
export const maxDigests = 4;

/** Starts a replay, reports on it, and says what the dead letters have in common. */
export function addReplayRoutes(app: Hono, deps: ReplayRouteDeps): void {
  const digests = createPlaces(maxDigests);

  mount(app, deadLetters.routes.digest, ({ query: { topic = null } }, c) =>
    jsonInPlace(c, digests, "digests of dead letters", () => deps.digest(topic)),
  );
  mount(app, deadLetters.routes.replay, async ({ query, body }, c) => {
    const members = await body();
    const twice = Object.keys(members).find((name) => Object.hasOwn(query, name));
    if (twice !== undefined) throw usage(`${twice} is given in the query and in the body`);
    const {
      topic = null,
      error = null,
      since = null,
      index = null,
      dryRun,
      ...of
    } = { ...query, ...members };
    const isDry = String(dryRun) === "true";
    const words = { topic, error, since, index, ...of };
    return answerJob(c, deps.replays.start(parseReplayWords(words, isDry, deps.now())));
  });
  mount(app, deadLetters.routes.job, ({ param }, c) => {
    const job = deps.replays.get(param("id"));
    return job === null
      ? problem(c, 404, "There is no such replay; only the last few of this host are remembered.")
      : c.json(job);
  });
}

/** The job that was started; or 409, naming the one that is running. */
export function answerJob(c: Context, { kind, job }: ReturnType<ReplayJobs["start"]>): Response {
  const location = `/replay/${job.id}`;
  if (kind === "started") return c.json(job, 202, { location });
  return problem(c, 409, `Replay ${job.id} runs since ${job.startedAt}; one runs at a time.`, {
    headers: { location },
    members: { job: job.id },
  });
}
