import { setTimeout as sleep } from "node:timers/promises";
import { connectionsTo } from "../trials/connections.ts";
import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import { startHostProcess } from "../load/host-process.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import type { Scene } from "../trials/scene.ts";

const TOPICS = 300;
const CONNECTIONS = 4;
const RUNNING_WITHIN_MS = 120_000;
const LOOKS = 10;
const EVERY_MS = 1_000;

/** What managed Kafka counts, limits and charges for. */
export const connections: Scene = {
  name: "connections",
  about: "300 topics: connections of one host to one broker, idle and with a record a second in each",
  async run({ broker, checkouts, progress }, signal) {
    await using endpoint = await startEndpoint(signal);
    const port = Number(broker.brokers[0]?.split(":")[1]);
    const measurements: Measurement[] = [];
    for (const [n, [who, checkout]] of [...checkouts].entries()) {
      progress(`connections: ${who}`, n / checkouts.size);
      const group = `connections${n}`;
      const topics = Array.from({ length: TOPICS }, (_, at) => `${group}-${at}`);
      await broker.createTopics(topics, 1);
      await using host = await startHostProcess(
        {
          kafka: { brokers: broker.brokers, group },
          elasticsearch: { nodes: [endpoint.url] },
          topics,
        },
        signal,
        checkout,
      );
      await host.untilRunning(topics, { everyMs: 100, withinMs: RUNNING_WITHIN_MS });
      /** Counts once a second, while something else goes on. */
      const watch = async (meanwhile: () => Promise<unknown>): Promise<number[]> => {
        const seen: number[] = [];
        for (let look = 0; look < LOOKS; look += 1) {
          await Promise.all([meanwhile(), sleep(EVERY_MS, undefined, { signal })]);
          seen.push(connectionsTo(host.pid, port));
        }
        return seen;
      };
      const idle = await watch(async () => {});
      const messages = [{ value: "a record" }];
      const busy = await watch(() =>
        broker.producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) }),
      );
      const aim = who === OURS ? { atMost: CONNECTIONS } : undefined;
      for (const [figure, values] of Object.entries({ idle, "a record a second each": busy }))
        measurements.push({
          what: `${TOPICS} topics, connections to the broker`,
          who,
          figure: `at most, ${figure}`,
          unit: "",
          values: [Math.max(...values)],
          aim,
        });
    }
    return measurements;
  },
};
