import { join } from "node:path";
import { z } from "zod";
import { untilArrived } from "../load/arrival.ts";
import type { FilledTopic } from "../load/broker.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { cpuPerMillion, type Run, startMover } from "../load/mover.ts";
import { indexTarget, type IndexTarget } from "../load/target.ts";
import { type Contender, inTurn, recordsText, type Scene } from "../trials/scene.ts";

const LOADERS = [1, 2, 4] as const;
/** Of the plain loader's documents per second, four requests at once. */
const SHARE_OF_CEILING = 0.9;

const loaderAnswer = z.object({ cpuSeconds: z.number() });

/** One contender in one round. */
type Cost = Pick<Run, "records" | "cpuSeconds" | "perSecond">;

/** How close the host gets to what Elasticsearch can take. All contenders in turn, round by round. */
export const indexing: Scene = {
  name: "indexing",
  about:
    "documents/s into a real Elasticsearch, beside a plain loader that sends prepared bulk bodies, 1, 2 and 4 at once",
  async run(context, signal) {
    const { stack, broker, quick, checkouts, seed } = context;
    const topic = await context.filled("text", quick ? 100_000 : 500_000);
    const { node } = stack.elasticsearch;
    await using opened = new AsyncDisposableStack();
    const contenders: Contender<Cost>[] = LOADERS.map((atOnce) => {
      const name = `bench-loader-${atOnce}`;
      const index = indexTarget(node, name, signal);
      return {
        who: `plain loader, ${atOnce} at once`,
        run: into(index, async () => {
          const [arrived, { cpuSeconds }] = await Promise.all([
            untilArrived(index, 0, topic.records, signal),
            load({ node, index: name, records: topic.records, seed, atOnce }, signal),
          ]);
          return { ...arrived, cpuSeconds, records: topic.records };
        }),
      };
    });
    const index = indexTarget(node, topic.topic, signal);
    for (const [who, checkout] of checkouts) {
      const mover = opened.use(await startMover({ broker, target: index, checkout }, signal));
      contenders.push({ who, run: into(index, () => mover.move([topic])) });
    }
    return measurementsOf(topic, await inTurn("into Elasticsearch", contenders, context));
  },
};

/** Runs into an empty index. */
function into(index: IndexTarget, move: () => Promise<Cost>): () => Promise<Cost> {
  return async () => {
    await index.recreate();
    const cost = await move();
    await index.remove();
    return cost;
  };
}

function measurementsOf(topic: FilledTopic, results: ReadonlyMap<string, readonly Cost[]>): Measurement[] {
  const what = recordsText(topic);
  const most = LOADERS.at(-1);
  const ceiling = results.get(`plain loader, ${most} at once`)?.map(({ perSecond }) => perSecond) ?? [];
  return [...results].flatMap(([who, costs]): Measurement[] => {
    const rates = costs.map(({ perSecond }) => perSecond);
    const measurements: Measurement[] = [
      { what, who, figure: "documents per second", unit: "records/s", values: rates },
      { what, who, figure: "own CPU per million", unit: "s", values: costs.map(cpuPerMillion) },
    ];
    if (!who.startsWith("plain loader"))
      measurements.push({
        what,
        who,
        figure: `share of the loader's, ${most} at once`,
        unit: "×",
        // Compared within a round: the machine is not equally busy in each.
        values: rates.map((rate, round) => rate / (ceiling[round] ?? Number.NaN)),
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
  const program = join(import.meta.dir, "../stand-ins/loader.ts");
  const args = Object.entries({ node, index, records, seed, "at-once": atOnce });
  const child = Bun.spawn(
    [process.execPath, program, ...args.flatMap(([name, value]) => [`--${name}`, String(value)])],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit", signal },
  );
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (code !== 0) throw new Error(`the loader exited with ${code}`);
  return loaderAnswer.parse(JSON.parse(text));
}
