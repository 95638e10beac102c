import { startEndpoint } from "../endpoint-process.ts";
import { median } from "../median.ts";
import { byFigure, type Measurement } from "../measurement.ts";
import { startMover, type Run } from "../mover.ts";
import { costsOf, OURS, type Scene } from "./scene.ts";

/** The cost of a record among the most, at most so many times that among a million. */
const LINEAR = 1.1;
const MIDDLE = 1_000_000;
/** How many in turn; of small runs more, since a process's time is counted in hundredths of a second. */
const ROUNDS = new Map([
  [100_000, 10],
  [MIDDLE, 3],
  [10_000_000, 3],
]);

/** Whether ten times the records are ten times the work. */
export const growth: Scene = {
  name: "growth",
  about: "0.1, 1 and 10 million text records: CPU per record and memory must stay what they are",
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
      for (let round = 0; warm !== undefined && round < 3; round += 1) await mover.move([warm]);
      for (const [n, topic] of topics.entries()) {
        const rounds = ROUNDS.get(topic.records) ?? 1;
        const size = `${topic.records / 1e6} M`;
        const runs: Run[] = [];
        for (let round = 0; round < rounds; round += 1) {
          progress(`growth: ${size}, ${who}, round ${round + 1} of ${rounds}`, n / topics.length);
          runs.push(await mover.move([topic]));
        }
        const costs = costsOf("text records", `${who}, ${size}`, runs);
        cpu.set(topic.records, median(costs[0]?.values ?? []));
        measurements.push(...costs);
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
    return byFigure(measurements);
  },
};
