import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import { median } from "../kit/median.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { cpuPerMillion, startMover } from "../load/mover.ts";
import { costsOf, inRounds, type Scene, WARM_UP_ROUNDS } from "../trials/scene.ts";

/** The cost of a record in the largest run, compared with the middle one. */
const LINEAR = 1.1;
const MIDDLE = 1_000_000;
/** Rounds by number of records. Small runs need more: a process's CPU time is counted in hundredths of a second. */
const ROUNDS = new Map([
  [100_000, 10],
  [MIDDLE, 3],
  [10_000_000, 3],
]);

/** Whether ten times the records are ten times the work. */
export const growth: Scene = {
  name: "growth",
  about: "0.1, 1 and 10 million text records: CPU per record and memory must stay the same",
  async run(context, signal) {
    const { broker, quick, checkouts, progress } = context;
    const topics = [];
    for (const records of ROUNDS.keys())
      if (!quick || records <= MIDDLE) topics.push(await context.filled("text", records));
    await using endpoint = await startEndpoint(signal);
    const measurements: Measurement[] = [];
    for (const [who, checkout] of checkouts) {
      const cpu = new Map<number, number>();
      await using mover = await startMover({ broker, target: endpoint, checkout }, signal);
      const warm = topics.find(({ records }) => records === MIDDLE);
      if (warm !== undefined)
        await inRounds(`growth: ${who} warms up`, WARM_UP_ROUNDS, () => mover.move([warm]), progress);
      for (const topic of topics) {
        const rounds = ROUNDS.get(topic.records) ?? 1;
        const size = `${topic.records / 1e6} M`;
        const runs = await inRounds(`growth: ${size}, ${who}`, rounds, () => mover.move([topic]), progress);
        cpu.set(topic.records, median(runs.map(cpuPerMillion)));
        measurements.push(...costsOf("text records", `${who}, ${size}`, runs));
      }
      const most = Math.max(...cpu.keys());
      if (most > MIDDLE)
        measurements.push({
          what: "text records",
          who,
          figure: `a record among ${most / 1e6} M costs, compared with 1 M`,
          unit: "×",
          values: [(cpu.get(most) ?? Number.NaN) / (cpu.get(MIDDLE) ?? Number.NaN)],
          aim: who === OURS ? { atMost: LINEAR } : undefined,
        });
    }
    return measurements;
  },
};
