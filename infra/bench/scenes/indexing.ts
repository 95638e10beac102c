import { join } from "node:path";
import { z } from "zod";
import type { FilledTopic } from "../broker.ts";
import type { Measurement } from "../measurement.ts";
import { startMover } from "../mover.ts";
import { hasRsyslog, moveByRsyslog } from "../rsyslog.ts";
import { indexTarget, type IndexTarget } from "../target.ts";
import { OURS, recordsText, type Scene, type SceneContext } from "./scene.ts";

const LOADERS = [1, 2, 4] as const;
/** Of what four at once of a plain loader get into it. */
const SHARE_OF_CEILING = 0.9;

const loaderAnswer = z.object({ seconds: z.number(), cpuSeconds: z.number() });

interface Contender {
  readonly who: string;
  readonly index: IndexTarget;
  /** @returns seconds */
  readonly move: () => Promise<{ readonly seconds: number; readonly cpuSeconds: number }>;
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
      const index = `bench-loader-${atOnce}`;
      return {
        who: `plain loader, ${atOnce} at once`,
        index: indexTarget(node, index, signal),
        move: () => load({ node, index, records: topic.records, seed, atOnce }, signal),
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
      contenders.push({ who: "rsyslog", index: target, move: () => moveByRsyslog(topic, place, signal) });
    }
    return measurementsOf(topic, await inTurn(contenders, topic, rounds, context));
  },
};

/** @returns by contender, one value a round; the round before the first warms all of them up */
async function inTurn(
  contenders: readonly Contender[],
  topic: FilledTopic,
  rounds: number,
  { progress }: SceneContext,
): Promise<ReadonlyMap<string, readonly { readonly perSecond: number; readonly cpu: number }[]>> {
  const results = new Map(
    contenders.map(({ who }) => [who, [] as { readonly perSecond: number; readonly cpu: number }[]]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    for (const { who, index, move } of contenders) {
      progress(
        `into Elasticsearch: ${who}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}`,
        round / (rounds + 1),
      );
      await index.recreate();
      const { seconds, cpuSeconds } = await move();
      await index.remove();
      if (round > 0)
        results
          .get(who)
          ?.push({ perSecond: topic.records / seconds, cpu: (cpuSeconds / topic.records) * 1e6 });
    }
  }
  return results;
}

function measurementsOf(topic: FilledTopic, results: Awaited<ReturnType<typeof inTurn>>): Measurement[] {
  const what = recordsText(topic);
  const ceiling =
    results.get(`plain loader, ${LOADERS.at(-1)} at once`)?.map(({ perSecond }) => perSecond) ?? [];
  const all = [...results];
  return [
    ...all.map(([who, rounds]): Measurement => ({
      what,
      who,
      figure: "documents per second",
      unit: "records/s",
      values: rounds.map(({ perSecond }) => perSecond),
    })),
    ...all
      .filter(([who]) => !who.startsWith("plain loader"))
      .map(([who, rounds]): Measurement => ({
        what,
        who,
        figure: `share of the loader's, ${LOADERS.at(-1)} at once`,
        unit: "×",
        // Of the same round: the machine is not equally busy in each.
        values: rounds.map(({ perSecond }, round) => perSecond / (ceiling[round] ?? Number.NaN)),
        aim: who === OURS ? { atLeast: SHARE_OF_CEILING } : undefined,
      })),
    ...all.map(([who, rounds]): Measurement => ({
      what,
      who,
      figure: "own CPU per million",
      unit: "s",
      values: rounds.map(({ cpu }) => cpu),
    })),
  ];
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
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
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
