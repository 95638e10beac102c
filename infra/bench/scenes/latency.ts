import { measurePaced } from "../trials/paced.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import type { Scene } from "../trials/scene.ts";

const PER_SECOND = 1_000;
const P99_MS = 100;
const PARTITIONS = 4;

/** How soon a record is indexed while nothing is busy. */
export const latency: Scene = {
  name: "latency",
  about: "from produce until Elasticsearch has acknowledged the document, at 1,000 records/s",
  async run({ stack, broker, quick, rounds, seed, checkouts, progress }, signal) {
    const measurements: Measurement[] = [];
    for (const [n, [who, checkout]] of [...checkouts].entries()) {
      progress(`latency: ${who}`, n / checkouts.size);
      const topic = `bench-latency-${n}`;
      await broker.createTopics([topic], PARTITIONS);
      const found = await measurePaced(
        {
          broker,
          node: stack.elasticsearch.node,
          topics: [topic],
          recordsPerSecond: PER_SECOND,
          sendEveryMs: 5,
          warmUpMs: 5_000,
          rounds,
          roundMs: quick ? 4_000 : 10_000,
          seed,
          group: "latency",
          checkout,
        },
        signal,
      );
      for (const figure of ["p50", "p99", "worst"] as const) {
        measurements.push({
          what: `${PER_SECOND} records/s`,
          who,
          figure,
          unit: "ms",
          values: found.map((round) => round[figure]),
          aim: who === OURS && figure === "p99" ? { atMost: P99_MS } : undefined,
        });
      }
    }
    return measurements;
  },
};
