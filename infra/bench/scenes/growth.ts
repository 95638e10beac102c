import { startEndpoint } from "../endpoint-process.ts";
import { median } from "../median.ts";
import { byFigure, type Measurement } from "../measurement.ts";
import { startMover } from "../mover.ts";
import { OURS, recordsText, type Scene } from "./scene.ts";

/** The cost of a record at the largest size, at most so many times that at a million. */
const LINEAR = 1.1;
const MIDDLE = 1_000_000;

/** Whether ten times the records are ten times the work. */
export const growth: Scene = {
  name: "growth",
  about: "0.1, 1 and 10 million text records: CPU per record and memory must stay what they are",
  async run(context, signal) {
    const { broker, quick, checkouts, progress } = context;
    const sizes = quick ? [100_000, MIDDLE] : [100_000, MIDDLE, 10_000_000];
    const rounds = quick ? 2 : 3;
    const topics = [];
    for (const size of sizes) topics.push(await context.filled("text", size));
    await using endpoint = await startEndpoint(signal);
    const measurements: Measurement[] = [];
    for (const [who, checkout] of checkouts) {
      const cpu = new Map<number, number[]>();
      for (const [n, topic] of topics.entries()) {
        // One each, so that what one size needs of memory is not what another one left.
        await using mover = await startMover({ broker, target: endpoint, checkout }, signal);
        const warm = topics.find(({ records }) => records === MIDDLE);
        if (warm !== undefined) await mover.move([warm]);
        const runs = [];
        for (let round = 0; round < rounds; round += 1) {
          progress(
            `growth: ${recordsText(topic)}, ${who}, round ${round + 1} of ${rounds}`,
            n / topics.length,
          );
          runs.push(await mover.move([topic]));
        }
        const perMillion = runs.map(({ cpuSeconds, records }) => (cpuSeconds / records) * 1e6);
        cpu.set(topic.records, perMillion);
        measurements.push(
          {
            what: "text records",
            who: `${who}, ${topic.records / 1e6} M`,
            figure: "CPU per million records",
            unit: "s",
            values: perMillion,
          },
          {
            what: "text records",
            who: `${who}, ${topic.records / 1e6} M`,
            figure: "peak RSS",
            unit: "MB",
            values: [Math.max(...runs.map(({ peakRssBytes }) => peakRssBytes)) / 1e6],
          },
        );
      }
      const largest = sizes.at(-1) ?? MIDDLE;
      if (largest > MIDDLE)
        measurements.push({
          what: "text records",
          who,
          figure: `a record among ${largest / 1e6} M costs, compared with 1 M`,
          unit: "×",
          values: [median(cpu.get(largest) ?? []) / median(cpu.get(MIDDLE) ?? [])],
          aim: who === OURS ? { atMost: LINEAR } : undefined,
        });
    }
    return byFigure(measurements);
  },
};
