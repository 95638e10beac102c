import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import type { LineFormat } from "../load/lines.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { type Run, startMover } from "../load/mover.ts";
import { costsOf, inRounds, recordsText, type Scene, WARM_UP_ROUNDS } from "../trials/scene.ts";

/** CPU seconds per million records. */
const AIMS = { text: 1.5, json: 3 };
const TEXT_PER_SECOND = 500_000;

/** The cost of a record if the receiver costs nothing. */
export const throughput: Scene = {
  name: "throughput",
  about:
    "CPU and records/s into a bulk endpoint that answers at once, in a process of its own; text and JSON",
  async run(context, signal) {
    const { broker, quick, rounds, checkouts } = context;
    const sizes: readonly (readonly [LineFormat, number])[] = [
      ["text", 1_000_000],
      ["json", quick ? 200_000 : 300_000],
    ];
    await using endpoint = await startEndpoint(signal);
    const measurements: Measurement[] = [];
    for (const [format, records] of sizes) {
      const topic = await context.filled(format, records);
      const what = recordsText(topic);
      // One contender after the other, not in turn: a host that rests for ten seconds between rounds loses its compiled code,
      // and a host under load does not rest.
      for (const [who, checkout] of checkouts) {
        await using mover = await startMover({ broker, target: endpoint, checkout }, signal);
        const move = (): Promise<Run> => mover.move([topic]);
        await inRounds(`${what}: ${who} warms up`, WARM_UP_ROUNDS, move, context.progress);
        const runs = await inRounds(`${what}: ${who}`, rounds, move, context.progress);
        measurements.push(...measurementsOf(what, who, runs, format));
      }
    }
    return measurements;
  },
};

function measurementsOf(what: string, who: string, runs: readonly Run[], format: LineFormat): Measurement[] {
  const ours = who === OURS;
  return [
    ...costsOf(what, who, runs, ours ? { atMost: AIMS[format] } : undefined),
    {
      what,
      who,
      figure: "records per second",
      unit: "records/s",
      values: runs.map(({ perSecond }) => perSecond),
      aim: ours && format === "text" ? { atLeast: TEXT_PER_SECOND } : undefined,
    },
  ];
}
