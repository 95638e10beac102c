import type { Context, Hono } from "hono";
import type { ReadRecordsInput } from "../../../../../functions/read-records.ts";
import { quoted } from "../../../../../lib/rules/base/visible-text.ts";
import { kafka } from "../../../../api/kafka/kafka.ts";
import type { RecordService } from "../../../services/kafka/record-service.ts";
import { goneSignal } from "../../kit/event-stream.ts";
import { timeIn } from "../../kit/input.ts";
import { mount } from "../../kit/mount.ts";
import { problem } from "../../kit/problem.ts";
import { createPlaces, inPlace } from "../../kit/semaphore.ts";

export interface KafkaRouteDeps extends Omit<RecordService, "stop"> {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Each may hold a fetched batch and 16 MiB of records, and opens connections of its own. */
const READINGS = 2;

/** Shows what lies in Kafka. */
export function addKafkaRoutes(app: Hono, deps: KafkaRouteDeps): void {
  const readings = createPlaces(READINGS);
  /** Answers in a place, unless the caller may not see the topic. */
  const answer = (c: Context, topic: string, work: () => Promise<object>): Response | Promise<Response> =>
    refuseTopic(c, topic, deps) ??
    inPlace(c, readings, "readings of Kafka", async () => c.json(await work()));

  mount(app, kafka.routes.records, ({ query }, c) => {
    const { topic, partition, limit, whole } = query;
    const from = startOf(query, deps.now());
    return answer(c, topic, () => deps.records({ topic, partition, from, limit, whole }, goneSignal(c)));
  });

  mount(app, kafka.routes.explain, ({ query }, c) =>
    answer(c, query.topic, () => deps.explain(query, goneSignal(c))),
  );

  mount(app, kafka.routes.topics, ({ query: { q = "", undeclared } }, c) =>
    inPlace(c, readings, "readings of Kafka", async () =>
      c.json(await deps.topics({ contains: q, undeclaredOnly: undeclared }, goneSignal(c))),
    ),
  );
}

/**
 * Kafka's own topics hold other programs' positions and transactions. Records of topics that nobody declared are no
 * business of the read-only token, which is given to people who look at declared logs; it sees the topics' names.
 */
export function refuseTopic(
  c: Context,
  topic: string,
  deps: Pick<KafkaRouteDeps, "isOurs">,
): Response | null {
  if (topic.startsWith("__"))
    return problem(c, 403, `Topic ${quoted(topic)} is Kafka's own: it is not shown.`);
  if (c.get("access") === "full" || deps.isOurs(topic)) return null;
  return problem(
    c,
    403,
    `Topic ${quoted(topic)} is not declared: the read-only token shows declared topics only.`,
  );
}

function startOf(
  { offset, from }: { readonly offset?: number | undefined; readonly from?: string | undefined },
  nowMs: number,
): ReadRecordsInput["from"] {
  if (offset !== undefined) return { kind: "offset", offset };
  return from === undefined ? null : { kind: "time", atMs: timeIn("from", from, nowMs) };
}
