import { measureIdle } from "../idle.ts";
import { type Measurement, OURS } from "../measurement.ts";
import type { Scene } from "./scene.ts";

const COUNTS = [50, 200, 1_000];
/** Of a thousand topics. */
const AIMED = 1_000;
const CPU_PERCENT = 8;
const RSS_MB = 250;
/** Of a page that is open. */
const PAGE_CPU_PERCENT = 1;
const RUNNING_WITHIN_SECONDS = 10;

/** What topics cost in which nothing happens. */
export const idle: Scene = {
  name: "idle",
  about: "CPU and memory with 50, 200 and 1,000 topics in which nothing happens, and when all of them run",
  async run({ stack, broker, quick, checkouts, progress }, signal) {
    const counts = quick ? COUNTS.slice(0, 1) : COUNTS;
    const topics = Array.from({ length: Math.max(...counts) }, (_, n) => `idle-${n}`);
    progress(`idle: ${topics.length} topics are created`, 0);
    await broker.createTopics(topics, 1);
    const measurements: Measurement[] = [];
    let done = 0;
    for (const count of counts) {
      for (const [who, checkout] of checkouts) {
        progress(`idle: ${count} topics, ${who}`, done / (counts.length * checkouts.size));
        const found = await measureIdle(
          {
            brokers: broker.brokers,
            elasticsearchNode: stack.elasticsearch.node,
            topics: topics.slice(0, count),
            group: `idle${done}`,
            settleMs: quick ? 5_000 : 15_000,
            watchMs: quick ? 10_000 : 20_000,
            views: count === AIMED ? ["overview", "topics"] : [],
            checkout,
          },
          signal,
        );
        done += 1;
        const aimed = who === OURS && count === AIMED;
        const what = `${count} topics`;
        measurements.push(
          {
            what,
            who,
            figure: "CPU of a core",
            unit: "%",
            values: [found.cpuShare * 100],
            aim: aimed ? { atMost: CPU_PERCENT } : undefined,
          },
          {
            what,
            who,
            figure: "RSS",
            unit: "MB",
            values: [found.rssBytes / 1e6],
            aim: aimed ? { atMost: RSS_MB } : undefined,
          },
          {
            what,
            who,
            figure: "all running after",
            unit: "s",
            values: [found.runningAfterSeconds],
            aim: aimed ? { atMost: RUNNING_WITHIN_SECONDS } : undefined,
          },
          ...[...found.withPage].map(([view, cpuShare]): Measurement => ({
            what: `${what}, the console's ${view} open`,
            who,
            figure: "CPU of a core, more",
            unit: "%",
            values: [(cpuShare - found.cpuShare) * 100],
            aim: { atMost: PAGE_CPU_PERCENT },
          })),
        );
      }
    }
    return measurements;
  },
};
