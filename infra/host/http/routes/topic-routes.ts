import type { Context, Hono } from "hono";
import type { Explanation } from "../../../../lib/rules/explanation/explanation.ts";
import type { HoldInput, HoldResult } from "../../../../functions/hold-topics.ts";
import type { RebuildTopicInput, RebuildTopicResult } from "../../../../functions/rebuild-topic.ts";
import type { RewindInput, RewindResult } from "../../../../functions/rewind-topic.ts";
import { topics } from "../../../api/topics.ts";
import { callerOf } from "../auth/caller.ts";
import { goneSignal } from "../kit/event-stream.ts";
import { mount } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";
import { createPlaces, inPlace } from "../kit/semaphore.ts";
import { type KafkaRouteDeps, refuseTopic } from "./kafka/record-routes.ts";

export interface TopicRouteDeps {
  hold(input: HoldInput, signal: AbortSignal): Promise<readonly HoldResult[]>;
  rewind(input: RewindInput, signal: AbortSignal): Promise<RewindResult>;
  /** Tries a topic at once. @returns false if no source declares it @throws PenstockError `stopping` */
  retry(topic: string): Promise<boolean>;
  /** @throws PenstockError `stopping` */
  explain(topic: string, signal: AbortSignal): Promise<Explanation>;
  readonly kafka: Pick<KafkaRouteDeps, "isOurs">;
  /** @throws as `rebuildTopic` */
  rebuild(input: RebuildTopicInput, signal: AbortSignal): Promise<RebuildTopicResult>;
}

/** Orders at once, each until all hosts follow. */
const ORDERS = 20;

/** Explanations at once: each asks all servers, over connections of its own. */
const EXPLANATIONS = 2;

/** What people order about single topics. */
export function addTopicRoutes(app: Hono, deps: TopicRouteDeps): void {
  const places = createPlaces(ORDERS);
  mount(app, topics.routes.rewind, async ({ param, body }, c) => {
    const { partition = null, ...rest } = await body();
    const by = callerOf(c);
    return inPlace(c, places, "orders", async () => {
      const result = await deps.rewind({ topic: param("topic"), partition, by, ...rest }, c.req.raw.signal);
      const { action, message } = result;
      if (action === "refused" || action === "superseded")
        return problem(c, 409, `${message}.`, { members: { ...result } });
      return c.json(result, action === "waiting" ? 202 : 200);
    });
  });
  const { hold, release } = topics.routes;
  for (const definition of [hold, release]) {
    mount(app, definition, async ({ param, body }, c) => {
      const { reason = "", by = "" } = await body();
      const input = {
        topics: [param("topic")],
        held: definition === hold,
        reason: reason === "" ? null : reason,
        by: by === "" ? callerOf(c) : by,
      };
      return inPlace(c, places, "orders", async () => {
        const [result] = await deps.hold(input, c.req.raw.signal);
        if (result === undefined) throw new Error("an order has no result");
        return answerHold(c, result);
      });
    });
  }
  const explanations = createPlaces(EXPLANATIONS);
  mount(app, topics.routes.explain, ({ param }, c) => {
    const topic = param("topic");
    return (
      refuseTopic(c, topic, deps.kafka) ??
      inPlace(c, explanations, "explanations", async () => c.json(await deps.explain(topic, goneSignal(c))))
    );
  });
  mount(app, topics.routes.retry, async ({ param }, c) => {
    const topic = param("topic");
    return inPlace(c, places, "orders", async () =>
      (await deps.retry(topic))
        ? c.json({ topic })
        : problem(c, 404, `No source declares the topic "${topic}".`),
    );
  });
  mount(app, topics.routes.rebuild, async ({ param, body }, c) => {
    const { by, ...words } = await body();
    const input = { topic: param("topic"), ...words, by: by === "" ? callerOf(c) : by };
    return inPlace(c, places, "orders", async () => c.json(await deps.rebuild(input, c.req.raw.signal)));
  });
}

function answerHold(c: Context, result: HoldResult): Response {
  const { action, message } = result;
  if (action === "undeclared" || action === "refused" || action === "superseded")
    return problem(c, action === "undeclared" ? 404 : 409, `${message}.`, { members: { ...result } });
  return c.json(result);
}
