import { seededRandom, type SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { Server } from "../../../infra/stack/process/server.ts";
import { startTestHost } from "../host.ts";
import { uniqueName } from "../kafka.ts";
import { endHost, type HostEnd } from "./end-host.ts";
import { topicsOf } from "./watch.ts";
import type { ClusterWorld } from "./world.ts";

/**
 * Stops while brokers come and go, with idle topics: during their long polls, a stop is most likely to meet a changed set of
 * brokers.
 */
export interface StopsResult {
  readonly ends: readonly HostEnd[];
  readonly restarts: number;
}

export interface StopsOptions {
  readonly stops: number;
  readonly seed: number;
  /** Called after each stop. */
  readonly onEnd: (end: HostEnd, count: number) => void;
}

const HOSTS_AT_ONCE = 4;
const TOPICS = 10;
const PARTITIONS = 3;
const RUNNING_WITHIN_MS = 30_000;
const POLL_MS = 200;
const LONGEST_LIFE_MS = 20_000;
/** Pause between two restarts, after all replicas are in sync again. */
const PAUSE_MS = 8_000;

export async function playStops(
  world: ClusterWorld,
  { stops, seed, onEnd }: StopsOptions,
): Promise<StopsResult> {
  const random = seededRandom(seed);
  const run = uniqueName("stops");
  const topics = Array.from({ length: TOPICS }, (_, n) => `${run}.t${n}`);
  await using kafka = await world.connectKafka();
  for (const topic of topics) await kafka.createTopic(topic, PARTITIONS);

  const ends: HostEnd[] = [];
  let begun = 0;
  const lane = async (n: number): Promise<void> => {
    while (begun < stops) {
      begun += 1;
      ends.push(await liveAndStop(world, topics, `${run}.h${n}`, random.below(LONGEST_LIFE_MS)));
      onEnd(ends.at(-1) as HostEnd, ends.length);
    }
  };
  const lanes = Promise.all(Array.from({ length: HOSTS_AT_ONCE }, (_, n) => lane(n)));
  const restarts = await restartUntil(lanes, world, random);
  return { ends, restarts };
}

/** Stops one host a while after all of its topics run, or after a time limit. */
async function liveAndStop(
  world: ClusterWorld,
  topics: readonly string[],
  group: string,
  lifeMs: number,
): Promise<HostEnd> {
  await using host = await startTestHost({
    kafka: { brokers: world.brokers, group },
    elasticsearch: { nodes: world.nodes },
    topics,
    shutdown: { deadline: "20s" },
  });
  const until = performance.now() + RUNNING_WITHIN_MS;
  const allRun = async (): Promise<boolean> =>
    (await topicsOf(host)).filter(({ state }) => state === "running").length === topics.length;
  while (performance.now() < until && !(await allRun())) await Bun.sleep(POLL_MS);
  await Bun.sleep(lifeMs);
  return await endHost(host);
}

/** Restarts one broker after another, by SIGTERM or SIGKILL. @returns the number of restarts */
async function restartUntil(
  done: Promise<unknown>,
  world: ClusterWorld,
  random: SeededRandom,
): Promise<number> {
  let over = false;
  const finished = done.finally(() => (over = true));
  const brokers: readonly Server[] = world.stack.members.kafka;
  let restarts = 0;
  while (!over) {
    const broker = brokers[restarts % brokers.length];
    await broker?.kill(random.pick(["SIGTERM", "SIGKILL"]));
    await broker?.start();
    restarts += 1;
    await world.heal();
    await Promise.race([finished, Bun.sleep(PAUSE_MS)]);
  }
  await finished;
  return restarts;
}
