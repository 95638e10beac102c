import { startEndpoint } from "../endpoint-process.ts";
import type { LineFormat } from "../lines.ts";
import { byFigure, type Measurement } from "../measurement.ts";
import { startMover, type Run } from "../mover.ts";
import { hasRsyslog, moveByRsyslog } from "../rsyslog.ts";
import { OURS, recordsText, type Scene } from "./scene.ts";

/** CPU seconds per million records at most. */
const AIMS = { text: 1.5, json: 3 };
const TEXT_PER_SECOND = 500_000;
/** Until its code is compiled; a host runs for weeks. */
const WARM_UP_ROUNDS = 3;

/** The cost of a record where the receiver costs nothing. */
export const throughput: Scene = {
  name: "throughput",
  about: "CPU and records/s into a bulk endpoint that answers at once, a process of its own; text and JSON",
  async run(context, signal) {
    const { broker, quick, rounds, checkouts } = context;
    const sizes: readonly (readonly [LineFormat, number])[] = quick
      ? [
          ["text", 1_000_000],
          ["json", 200_000],
        ]
      : [
          ["text", 1_000_000],
          ["json", 300_000],
        ];
    await using endpoint = await startEndpoint(signal);
    const measurements: Measurement[] = [];
    for (const [format, records] of sizes) {
      const topic = await context.filled(format, records);
      for (const [who, checkout] of checkouts) {
        await using mover = await startMover({ broker, target: endpoint, checkout }, signal);
        for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await mover.move([topic]);
        const runs: Run[] = [];
        for (let round = 0; round < rounds; round += 1) {
          context.progress(`${recordsText(topic)}: ${who}, round ${round + 1} of ${rounds}`, round / rounds);
          runs.push(await mover.move([topic]));
        }
        measurements.push(...measurementsOf(recordsText(topic), who, runs, format));
      }
      if (!hasRsyslog) continue;
      const runs: Run[] = [];
      for (let round = 0; round < rounds; round += 1) {
        context.progress(`${recordsText(topic)}: rsyslog, round ${round + 1} of ${rounds}`, round / rounds);
        const place = { broker: broker.brokers[0] ?? "", target: endpoint, index: topic.topic };
        runs.push(await moveByRsyslog(topic, place, signal));
      }
      measurements.push(...measurementsOf(recordsText(topic), "rsyslog", runs, null));
    }
    return byFigure(measurements);
  },
};

/** @param aimed null: somebody else's */
function measurementsOf(
  what: string,
  who: string,
  runs: readonly Run[],
  aimed: LineFormat | null,
): Measurement[] {
  const ours = who === OURS ? aimed : null;
  return [
    {
      what,
      who,
      figure: "CPU per million records",
      unit: "s",
      values: runs.map(({ cpuSeconds, records }) => (cpuSeconds / records) * 1e6),
      aim: ours !== null ? { atMost: AIMS[ours] } : undefined,
    },
    {
      what,
      who,
      figure: "records per second",
      unit: "records/s",
      values: runs.map(({ seconds, records }) => records / seconds),
      aim: ours === "text" ? { atLeast: TEXT_PER_SECOND } : undefined,
    },
    {
      what,
      who,
      figure: "peak RSS",
      unit: "MB",
      values: [Math.max(...runs.map(({ peakRssBytes }) => peakRssBytes)) / 1e6],
    },
  ];
}
