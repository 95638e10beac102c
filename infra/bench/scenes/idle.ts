import { bootStack } from "../../stack/boot.ts";
import { type BenchBroker, openBroker } from "../load/broker.ts";
import { measureIdle } from "../trials/idle.ts";
import { type Aim, type Measurement, OURS } from "../kit/measurement.ts";
import type { Scene, SceneContext } from "../trials/scene.ts";

interface IdleCase {
  readonly count: number;
  readonly aims?: { readonly cpuPercent: number; readonly rssMb: number; readonly runningSeconds: number };
  /** Views of the console, measured while open. */
  readonly views?: readonly string[];
  /** Whether a second host joins at the end. */
  readonly shared?: boolean;
}

const CASES: readonly IdleCase[] = [
  { count: 50 },
  { count: 200 },
  {
    count: 1_000,
    aims: { cpuPercent: 1.5, rssMb: 150, runningSeconds: 3 },
    views: ["overview", "topics"],
  },
];
const MANY: IdleCase = {
  count: 10_000,
  aims: { cpuPercent: 6, rssMb: 400, runningSeconds: 20 },
  shared: true,
};
const MANY_HEAP_MB = 2_048;
/** What an open page may add. */
const PAGE_CPU_PERCENT = 1;

/** What topics without records cost. */
export const idle: Scene = {
  name: "idle",
  about:
    "CPU and memory with 50, 200, 1,000 and 10,000 topics without records, and how soon all of them run; two hosts share 10,000",
  async run(context, signal) {
    const { broker, quick } = context;
    const cases = quick ? CASES.slice(0, 1) : CASES;
    const measurements = await measure(cases, broker, context, signal);
    if (quick) return measurements;
    // A broker of its own, so that the other scenes' broker stays as it is.
    await using stack = await bootStack({
      elasticsearch: false,
      etcd: false,
      groupRebalanceDelayMs: 0,
      kafkaHeapMb: MANY_HEAP_MB,
      signal,
    });
    await using large = await openBroker(stack.kafka.brokers);
    return [...measurements, ...(await measure([MANY], large, context, signal))];
  },
};

async function measure(
  cases: readonly IdleCase[],
  broker: BenchBroker,
  { stack, quick, checkouts, progress }: SceneContext,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const most = Math.max(...cases.map(({ count }) => count));
  const topics = Array.from({ length: most }, (_, n) => `idle-${n}`);
  progress(`idle: creating ${topics.length} topics`, 0);
  await broker.createTopics(topics, 1);
  const measurements: Measurement[] = [];
  let done = 0;
  for (const { count, aims, views = [], shared = false } of cases) {
    for (const [who, checkout] of checkouts) {
      progress(`idle: ${count} topics, ${who}`, done / (cases.length * checkouts.size));
      const found = await measureIdle(
        {
          brokers: broker.brokers,
          elasticsearchNode: stack.elasticsearch.node,
          topics: topics.slice(0, count),
          group: `idle${done}`,
          settleMs: quick ? 5_000 : 15_000,
          watchMs: quick ? 10_000 : 20_000,
          views,
          shared,
          checkout,
        },
        signal,
      );
      done += 1;
      const what = `${count} topics`;
      const add = (figure: string, unit: Measurement["unit"], value: number, atMost?: number): void => {
        const aim: Aim | undefined = who === OURS && atMost !== undefined ? { atMost } : undefined;
        measurements.push({ what, who, figure, unit, values: [value], aim });
      };
      add("CPU of a core", "%", found.cpuShare * 100, aims?.cpuPercent);
      add("RSS", "MB", found.rssBytes / 1e6, aims?.rssMb);
      add("all running after", "s", found.runningAfterSeconds, aims?.runningSeconds);
      if (found.sharedAfterSeconds !== null) add("two hosts share them after", "s", found.sharedAfterSeconds);
      for (const [view, cpuShare] of found.withPage)
        measurements.push({
          what: `${what}, the console's ${view} open`,
          who,
          figure: "CPU of a core, more",
          unit: "%",
          values: [(cpuShare - found.cpuShare) * 100],
          aim: { atMost: PAGE_CPU_PERCENT },
        });
    }
  }
  return measurements;
}
