import { fill, type FilledTopic } from "../load/broker.ts";
import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import type { Measurement } from "../kit/measurement.ts";
import { startMover } from "../load/mover.ts";
import { costsOf, inRounds, type Scene } from "../trials/scene.ts";

const TOPICS = 200;

/** Many topics with a backlog, as after a night without the host. */
export const catchUp: Scene = {
  name: "catch-up",
  about: "200 topics with a backlog each, all at once, into an endpoint that answers at once",
  async run({ broker, quick, rounds, seed, checkouts, progress }, signal) {
    const each = quick ? 1_000 : 5_000;
    const names = Array.from({ length: TOPICS }, (_, n) => `backlog-${n}`);
    await broker.createTopics(names, 1);
    const topics: FilledTopic[] = [];
    for (const [n, topic] of names.entries()) {
      signal.throwIfAborted();
      progress(`catch-up: filling ${TOPICS} topics`, n / TOPICS);
      const records = { topic, partitions: 1, records: each, kind: "text", seed: seed + n } as const;
      const bytes = await fill(broker.producer, records);
      topics.push({ topic, records: each, kind: "text", format: "text", meanBytes: bytes / each });
    }
    await using endpoint = await startEndpoint(signal);
    const what = `${TOPICS} topics, ${each.toLocaleString("en-US")} text records each`;
    const measurements: Measurement[] = [];
    for (const [who, checkout] of checkouts) {
      await using mover = await startMover({ broker, target: endpoint, checkout }, signal);
      await mover.move(topics);
      const runs = await inRounds(`catch-up: ${who}`, rounds, () => mover.move(topics), progress);
      const values = runs.map(({ seconds }) => seconds);
      const figure = "until all are there, joins included";
      measurements.push({ what, who, figure, unit: "s", values }, ...costsOf(what, who, runs));
    }
    return measurements;
  },
};
