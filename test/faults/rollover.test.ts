import { expect, test } from "bun:test";
import { seededRandom, type SeededRandom } from "../../infra/bench/kit/random.ts";
import { elasticsearchVersion } from "../../infra/stack/servers/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import type { LoadRule } from "../support/faults/load.ts";
import {
  createMovingTarget,
  keepRolling,
  type MovingKind,
  type MovingTarget,
} from "../support/faults/moving-target.ts";
import type { Replica } from "../support/faults/replica.ts";
import { type Stage, useFaultWorld } from "./play.ts";

/*
 * Targets that roll over all the time, while hosts are killed and answers get lost. `_id` is unique per index only, so a
 * record that is sent twice is there twice if its target rolled over in between.
 */

/** First and last seed: the first ones in CI, all with PENSTOCK_ROLLOVER_SEEDS=1-20. */
const [first = 1, last = 3] = (process.env["PENSTOCK_ROLLOVER_SEEDS"] ?? "1-3").split("-").map(Number);
const SEEDS = Array.from({ length: last - first + 1 }, (_, n) => first + n);
/** Elasticsearch's. */
const VERSION = elasticsearchVersion(process.env);
const MISHAPS_PER_SEED = 2;
const KINDS: readonly MovingKind[] = ["alias", "declared stream", "alias", "stream"];

const REQUEST_TIMEOUT_MS = 3_000;
/** To Elasticsearch and back it is longer than a topic waits for others in a common request, and shorter than the timeout. */
const DELAY_MS = 1_200;
const FLOOD: LoadRule = { kind: "flood", backlog: 12_000, first: 25_000, perSecond: 2_000 };
/** Small amounts of several topics, which travel in common requests. */
const TRICKLE: LoadRule = { kind: "steady", perSecond: 1_500 };

const SENDING_WITHIN_MS = 5_000;

const play = useFaultWorld(4);

interface Mishap {
  readonly name: string;
  /** The hosts' load in which it happens. */
  readonly load: LoadRule;
  inflict(stage: Stage, host: Replica, roll: () => Promise<void>): Promise<void>;
}

const killed: Mishap = {
  name: "SIGKILL",
  load: FLOOD,
  async inflict({ replicas }, host, roll) {
    await untilSending(host);
    await host.end("SIGKILL");
    await roll();
    // Another host takes over, if there is one; if not, this one goes on where it was.
    for (const other of replicas) if (other.running) await untilItOwnsAll(other);
    await host.start();
  },
};

/** Waits for a bulk in flight, the best moment for a mishap. Bulks may be short: then any moment will do. */
async function untilSending({ lane }: Replica): Promise<void> {
  for (const until = Date.now() + SENDING_WITHIN_MS; lane.traffic.inFlight === 0 && Date.now() < until;)
    await Bun.sleep(1);
}

async function untilItOwnsAll({ host }: Replica): Promise<void> {
  await eventually(
    "the other host has taken over",
    async () => (await host.topics()).every(({ partitions }) => partitions.every(({ owned }) => owned)),
    60_000,
  );
}

const mishaps: readonly Mishap[] = [
  killed,
  {
    name: "answers lost, SIGKILL",
    load: FLOOD,
    async inflict({ world, plans, acknowledged }, host, roll) {
      host.lane.elasticsearch.block("answers");
      await eventually("documents nobody was told of", async () => {
        const counts = await Promise.all(plans.map(({ topic }) => world.elasticsearch.count(topic)));
        return counts.reduce((sum, count) => sum + count, 0) > acknowledged.total;
      });
      await host.end("SIGKILL");
      await roll();
      host.lane.elasticsearch.unblock();
      await host.start();
    },
  },
  {
    name: "answers lost, connections cut",
    load: FLOOD,
    async inflict(_, host, roll) {
      host.lane.elasticsearch.block("answers");
      await untilSending(host);
      await roll();
      host.lane.elasticsearch.unblock();
    },
  },
  {
    name: "answers lost until the timeout",
    load: FLOOD,
    async inflict(_, host, roll) {
      host.lane.elasticsearch.block("answers");
      await Bun.sleep(REQUEST_TIMEOUT_MS / 2);
      await roll();
      await Bun.sleep(REQUEST_TIMEOUT_MS);
      host.lane.elasticsearch.unblock();
    },
  },
  {
    name: "cut in an answer",
    load: FLOOD,
    async inflict(_, host, roll) {
      host.lane.elasticsearch.cutInAnswer();
      await roll();
    },
  },
  {
    name: "Elasticsearch SIGSTOP",
    load: FLOOD,
    async inflict({ world }) {
      world.stack.elasticsearch.freeze();
      await Bun.sleep(REQUEST_TIMEOUT_MS + 1_000);
      world.stack.elasticsearch.thaw();
    },
  },
  {
    name: "common requests slow",
    load: TRICKLE,
    async inflict(_, host, roll) {
      host.lane.elasticsearch.delay(DELAY_MS);
      for (let rolls = 0; rolls < 4; rolls += 1) {
        await Bun.sleep(DELAY_MS);
        await roll();
      }
      host.lane.elasticsearch.delay(0);
    },
  },
];

/** What happens in a seed: its own mishap first, so that a few seeds have met each, then random ones. */
function drawMishaps(seed: number, random: SeededRandom): readonly [Mishap, ...Mishap[]] {
  const own = mishaps[(seed - 1) % mishaps.length] ?? killed;
  const others = Array.from({ length: MISHAPS_PER_SEED - 1 }, () =>
    own === killed ? random.pick(mishaps) : killed,
  );
  return [own, ...others];
}

test.concurrent.each(SEEDS)(
  "rollovers and mishaps together, seed %i: every record exactly once",
  async (seed) => {
    const random = seededRandom(seed);
    const kind = KINDS[seed % KINDS.length] ?? "alias";
    const replicas = seed % 3 === 0 ? 2 : 1;
    const drawn = drawMishaps(seed, random);
    const names = drawn.map(({ name }) => name).join("; ");
    const targets: MovingTarget[] = [];
    await play(
      {
        fault: `seed ${seed} on ${VERSION}: ${kind}, ${replicas === 1 ? "1 host" : `${replicas} hosts`}: ${names}`,
        replicas,
        topics: [{ partitions: 4 }, { partitions: 2, format: "json" }, { partitions: 1 }],
        load: drawn[0].load,
        requestTimeout: `${REQUEST_TIMEOUT_MS}ms`,
        declare: (topic) => (kind === "declared stream" ? { dataStream: topic } : {}),
        async createTarget(world, topic) {
          const target = await createMovingTarget(world.elasticsearch, topic, kind);
          targets.push(target);
          return target;
        },
      },
      async (stage) => {
        const over = new AbortController();
        const rolling = Promise.all(targets.map((target) => keepRolling(target, random, over.signal)));
        const roll = async (): Promise<void> =>
          void (await Promise.all(targets.map((target) => target.roll())));
        try {
          for (const mishap of drawn) {
            await mishap.inflict(stage, random.pick(stage.replicas), roll);
            await stage.untilMoved(1_000 + random.below(3_000));
          }
        } finally {
          over.abort();
          await rolling;
        }
      },
    );
    for (const { rollovers } of targets) expect(rollovers).toBeGreaterThan(drawn.length);
  },
  1_200_000,
);
