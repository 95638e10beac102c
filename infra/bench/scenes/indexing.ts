import { join } from "node:path";
import { z } from "zod";
import { untilArrived } from "../arrival.ts";
import type { FilledTopic } from "../broker.ts";
import { type Measurement, OURS } from "../measurement.ts";
import { cpuPerMillion, type Run, startMover } from "../mover.ts";
import { hasRsyslog, moveByRsyslog } from "../rsyslog.ts";
import { indexTarget, type IndexTarget } from "../target.ts";
import { recordsText, type Scene, type SceneContext } from "./scene.ts";

const LOADERS = [1, 2, 4] as const;
/** Of what four at once of a plain loader get into it. */
const SHARE_OF_CEILING = 0.9;

const loaderAnswer = z.object({ cpuSeconds: z.number() });

/** Of one contender in one round. */
type Cost = Pick<Run, "records" | "cpuSeconds" | "perSecond">;

interface Contender {
  readonly who: string;
  readonly index: IndexTarget;
  readonly move: () => Promise<Cost>;
}

/** How much of what Elasticsearch can take gets there: all contenders in turn, round by round. */
export const indexing: Scene = {
  name: "indexing",
  about:
    "documents/s into a real Elasticsearch, beside ready-made bulk bodies sent by a plain loader, 1, 2 and 4 at once",
  async run(context, signal) {
    const { stack, broker, quick, rounds, checkouts, seed } = context;
    const topic = await context.filled("text", quick ? 100_000 : 500_000);
    const { node } = stack.elasticsearch;
    await using opened = new AsyncDisposableStack();
    const contenders: Contender[] = LOADERS.map((atOnce) => {
      const name = `bench-loader-${atOnce}`;
      const index = indexTarget(node, name, signal);
      return {
        who: `plain loader, ${atOnce} at once`,
        index,
        async move() {
          const [arrived, { cpuSeconds }] = await Promise.all([
            untilArrived(index, 0, topic.records, signal),
            load({ node, index: name, records: topic.records, seed, atOnce }, signal),
          ]);
          return { ...arrived, cpuSeconds, records: topic.records };
        },
      };
    });
    const index = indexTarget(node, topic.topic, signal);
    for (const [who, checkout] of checkouts) {
      const mover = opened.use(await startMover({ broker, target: index, checkout }, signal));
      contenders.push({ who, index, move: () => mover.move([topic]) });
    }
    if (hasRsyslog) {
      const target = indexTarget(node, "bench-rsyslog", signal);
      const place = { broker: broker.brokers[0] ?? "", target, index: "bench-rsyslog" };
      contenders.push({
        who: "rsyslog, one bulk at a time, no ids",
        index: target,
        move: () => moveByRsyslog(topic, place, signal),
      });
    }
    return measurementsOf(topic, await inTurn(contenders, rounds, context));
  },
};

/** @returns by contender, one cost a round; the round before the first warms Elasticsearch and the hosts up */
async function inTurn(
  contenders: readonly Contender[],
  rounds: number,
  { progress }: SceneContext,
): Promise<ReadonlyMap<string, readonly Cost[]>> {
  const results = new Map(contenders.map(({ who }) => [who, [] as Cost[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { who, index, move } of contenders) {
      const which = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
      progress(`into Elasticsearch: ${who}, ${which}`, round / (rounds + 1));
      await index.recreate();
      const cost = await move();
      await index.remove();
      if (round > 0) results.get(who)?.push(cost);
    }
  }
  return results;
}

function measurementsOf(topic: FilledTopic, results: ReadonlyMap<string, readonly Cost[]>): Measurement[] {
  const what = recordsText(topic);
  const most = LOADERS.at(-1);
  const ceiling = results.get(`plain loader, ${most} at once`)?.map(({ perSecond }) => perSecond) ?? [];
  return [...results].flatMap(([who, costs]): Measurement[] => {
    const measurements: Measurement[] = [
      {
        what,
        who,
        figure: "documents per second",
        unit: "records/s",
        values: costs.map(({ perSecond }) => perSecond),
      },
      {
        what,
        who,
        figure: "own CPU per million",
        unit: "s",
        values: costs.map(cpuPerMillion),
      },
    ];
    if (!who.startsWith("plain loader"))
      measurements.push({
        what,
        who,
        figure: `share of the loader's, ${most} at once`,
        unit: "×",
        // Of the same round: the machine is not equally busy in each.
        values: costs.map(({ perSecond }, round) => perSecond / (ceiling[round] ?? Number.NaN)),
        aim: who === OURS ? { atLeast: SHARE_OF_CEILING } : undefined,
      });
    return measurements;
  });
}

async function load(
  options: {
    readonly node: string;
    readonly index: string;
    readonly records: number;
    readonly seed: number;
    readonly atOnce: number;
  },
  signal: AbortSignal,
): Promise<{ readonly cpuSeconds: number }> {
  const { node, index, records, seed, atOnce } = options;
  const child = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "../loader.ts"),
      "--node",
      node,
      "--index",
      index,
      "--records",
      String(records),
      "--seed",
      String(seed),
      "--at-once",
      String(atOnce),
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit", signal },
  );
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (code !== 0) throw new Error(`the loader exited with ${code}`);
  return loaderAnswer.parse(JSON.parse(text));
}
